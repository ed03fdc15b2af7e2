/* A stepped engine under the sanitizers: everything is used, closed in every order, and nothing is leaked. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "ip270_media.h"

static struct engine *new_engine(void)
{
    int error;
    struct engine *engine = engine_new(MEDIA_CLOCK_STEPPED, &error);
    CHECK(engine != NULL);
    return engine;
}

static const struct media_stream_config CONFIG = {
    .remote_address = "127.0.0.1",
    .rtp_port = 4000,
    .send = {.payload_type = 111, .codec = MEDIA_OPUS_WB},
    .receive = {{.payload_type = 111, .codec = MEDIA_OPUS_WB}, {.payload_type = 0, .codec = MEDIA_PCMU}},
    .receive_count = 2,
    .packet_time_ms = 20,
    .telephone_event_type = 101,
    .receive_telephone_event_type = 101,
    .comfort_noise_type = 13,
    .receive_comfort_noise_type = 13,
    .sends = true,
    .receives = true,
    .connected = true,
};

/* A stream whose own packets come back to it for ten seconds, on a bus with a device, while the codec changes. */
static void test_a_call_with_itself(void)
{
    struct engine *engine = new_engine();
    struct media_stream_info info;
    struct media_stream_statistics statistics;
    struct media_stream_config config = CONFIG;
    uint8_t packet[MEDIA_PACKET_BYTES];
    int bus = engine_bus_new(engine, true), device = engine_memory_device_new(engine);
    int stream = engine_memory_stream_new(engine, &info), size;
    CHECK_EQUAL(engine_join(engine, stream, bus, true, true, 1), 0);
    CHECK_EQUAL(engine_join(engine, device, bus, true, true, 1), 0);
    CHECK_EQUAL(engine_device_set_gate(engine, device, true), 0);
    for (int second = 0; second < 10; second++) {
        config.send = CONFIG.receive[second % 2];
        CHECK_EQUAL(engine_stream_configure(engine, stream, &config), 0);
        CHECK_EQUAL(engine_stream_digit(engine, stream, '7', 80), 0);
        for (int tick = 0; tick < 100; tick++) {
            CHECK_EQUAL(engine_step(engine, 1), 0);
            while ((size = engine_stream_pop(engine, stream, packet, sizeof packet)) > 0)
                CHECK_EQUAL(engine_stream_push(engine, stream, packet, (size_t)size, engine_now(engine)), 0);
        }
    }
    CHECK_EQUAL(engine_device_gate_open(engine, device), 1);
    CHECK_EQUAL(engine_stream_statistics(engine, stream, &statistics), 0);
    /* 50 packets a second, fewer while a digit is sent */
    CHECK_BETWEEN(statistics.packets_received, 400, 500);
    CHECK_EQUAL(statistics.malformed, 0);
    engine_free(engine);
}

/* Keys come, are renewed, and go, while packets flow, commands wait and the queue is full. */
static void test_keys_that_change(void)
{
    struct engine *engine = new_engine();
    struct media_stream_info info;
    struct media_stream_statistics statistics;
    struct media_stream_config config = CONFIG;
    uint8_t packet[MEDIA_PACKET_BYTES];
    int stream = engine_memory_stream_new(engine, &info), size, refused = 0;
    for (unsigned round = 0; round < 20; round++) {
        config.srtp.suite = (uint8_t)(round % 9);
        config.srtp.send_key[0] = config.srtp.receive_key[0] = (uint8_t)(round / 2);
        CHECK_EQUAL(engine_stream_configure(engine, stream, &config), 0);
        for (int tick = 0; tick < 20; tick++) {
            CHECK_EQUAL(engine_step(engine, 1), 0);
            while ((size = engine_stream_pop(engine, stream, packet, sizeof packet)) > 0)
                CHECK_EQUAL(engine_stream_push(engine, stream, packet, (size_t)size, engine_now(engine)), 0);
        }
    }
    CHECK_EQUAL(engine_stream_statistics(engine, stream, &statistics), 0);
    CHECK_EQUAL(statistics.secured, 1);
    /* Of each round's ten packets the last is on its way when the key changes. */
    CHECK_BETWEEN(statistics.packets_received, 175, 200);
    CHECK_BETWEEN(statistics.srtp_refused, 1, 20);
    config.srtp.suite = 200;
    CHECK_EQUAL(engine_stream_configure(engine, stream, &config), -EINVAL);
    config.srtp.suite = MEDIA_SRTP_AEAD_AES_256_GCM;
    for (int i = 0; i < 1100; i++) {
        config.srtp.send_key[1] = (uint8_t)i;
        refused += engine_stream_configure(engine, stream, &config) == -ENOBUFS;
    }
    CHECK(refused > 0);
    engine_free(engine);
}

/* Every order of removal of bus, stream, device and player, with steps in between or not. */
static void test_removal_in_any_order(void)
{
    static const int16_t recording[100];
    for (int order = 0; order < 24 * 2; order++) {
        struct engine *engine = new_engine();
        struct media_stream_info info;
        int left[4] = {engine_bus_new(engine, false), engine_memory_stream_new(engine, &info), engine_memory_device_new(engine),
                       engine_player_new(engine, recording, 100, true)};
        CHECK_EQUAL(engine_stream_configure(engine, left[1], &CONFIG), 0);
        CHECK_EQUAL(engine_join(engine, left[1], left[0], true, true, 1), 0);
        CHECK_EQUAL(engine_join(engine, left[2], left[0], true, true, 1), 0);
        CHECK_EQUAL(engine_player_play(engine, left[3], order % 3 == 0 ? left[2] : left[0]), 0);
        CHECK_EQUAL(engine_step(engine, 3), 0);
        for (int count = 4, code = order / 2; count > 0; code /= count, count--) {
            int chosen = code % count;
            CHECK_EQUAL(engine_remove(engine, left[chosen]), 0);
            CHECK_EQUAL(engine_remove(engine, left[chosen]), -ENOENT);
            left[chosen] = left[count - 1];
            if (order % 2 == 0)
                CHECK_EQUAL(engine_step(engine, 2), 0);
        }
        engine_free(engine);
    }
}

static void test_wrong_numbers_are_refused(void)
{
    struct engine *engine = new_engine();
    struct media_tone tone = {.count = MEDIA_TONE_SEGMENTS + 1};
    struct media_device_config card = {.capture = "default", .period_ms = 10, .periods = 2};
    int bus = engine_bus_new(engine, false), device = engine_memory_device_new(engine), sound = engine_tone_new(engine);
    CHECK_EQUAL(engine_join(engine, bus, bus, true, true, 1), -ENOENT);
    CHECK_EQUAL(engine_join(engine, device, device, true, true, 1), -ENOENT);
    CHECK_EQUAL(engine_join(engine, device, bus, true, true, -1), -EINVAL);
    CHECK_EQUAL(engine_stream_configure(engine, device, &CONFIG), -ENOENT);
    CHECK_EQUAL(engine_tone_play(engine, sound, &tone, bus), -EINVAL);
    CHECK_EQUAL(engine_player_play(engine, sound, bus), -ENOENT);
    CHECK_EQUAL(engine_remove(engine, 0), -ENOENT);
    CHECK_EQUAL(engine_remove(engine, -1), -ENOENT);
    CHECK_EQUAL(engine_alsa_device_new(engine, &card), -EPERM);
    engine_free(engine);
}

/* Nobody steps: commands pile up until the queue says so, and all is still freed. */
static void test_commands_that_are_never_taken(void)
{
    struct engine *engine = new_engine();
    int bus = engine_bus_new(engine, false), device = engine_memory_device_new(engine), result = 0;
    for (int i = 0; i < 2000 && result == 0; i++)
        result = engine_join(engine, device, bus, true, true, 1);
    CHECK_EQUAL(result, -ENOBUFS);
    CHECK_EQUAL(engine_bus_new(engine, false), -ENOBUFS);
    engine_free(engine);
}

/* Nobody reads events while the gate moves so often that there is no room for the last; once there is, it is told. */
static void test_the_gate_is_told_late_rather_than_never(void)
{
    struct engine *engine = new_engine();
    struct media_stream_info info;
    struct media_event event;
    int bus = engine_bus_new(engine, true), device = engine_memory_device_new(engine), told = -1;
    int stream = engine_memory_stream_new(engine, &info);
    CHECK_EQUAL(engine_stream_configure(engine, stream, &CONFIG), 0);
    CHECK_EQUAL(engine_join(engine, stream, bus, true, true, 1), 0);
    CHECK_EQUAL(engine_join(engine, device, bus, true, true, 1), 0);
    for (int i = 0; i < 999; i++) {
        CHECK_EQUAL(engine_device_set_gate(engine, device, i % 2 == 0), 0);
        CHECK_EQUAL(engine_step(engine, 1), 0);
    }
    CHECK_EQUAL(engine_device_gate_open(engine, device), 1);
    for (int i = 0; i < 2; i++) {
        while (engine_next_event(engine, &event) > 0)
            told = event.kind == MEDIA_EVENT_GATE ? (int)event.a : told;
        CHECK_EQUAL(told, i);
        CHECK_EQUAL(engine_step(engine, 1), 0);
    }
    engine_free(engine);
}

int main(void)
{
    test_the_gate_is_told_late_rather_than_never();
    test_a_call_with_itself();
    test_keys_that_change();
    test_removal_in_any_order();
    test_wrong_numbers_are_refused();
    test_commands_that_are_never_taken();
    return 0;
}
