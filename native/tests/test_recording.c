/* Recordings under the sanitizers: every order of their end, a ring that is full, and frames byte by byte. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "ip270_media.h"
#include "pcap.h"
#include "recording.h"
#include "wire.h"

enum { LIMIT = 1 << 20, MESSAGES = 5000 };

static char folder[] = "/tmp/recording-XXXXXX";

static void new_path(char path[64])
{
    static unsigned number;
    snprintf(path, 64, "%s/%u", folder, number++);
}

static struct engine *new_engine(void)
{
    int error;
    struct engine *engine = engine_new(MEDIA_CLOCK_STEPPED, &error);
    CHECK(engine != NULL);
    return engine;
}

static int new_stream(struct engine *engine)
{
    static const struct media_stream_config config = {
        .remote_address = "127.0.0.1",
        .rtp_port = 4000,
        .receive_count = 1,
        .packet_time_ms = 20,
        .telephone_event_type = -1,
        .receive_telephone_event_type = -1,
        .comfort_noise_type = -1,
        .receive_comfort_noise_type = -1,
        .sends = true,
        .receives = true,
    };
    struct media_stream_info info;
    int stream = engine_memory_stream_new(engine, &info);
    CHECK_EQUAL(engine_stream_configure(engine, stream, &config), 0);
    return stream;
}

static void test_a_frame(void)
{
    uint8_t frame[PCAP_FRAME_BYTES];
    const uint8_t *ipv4 = frame + 30, *udp = ipv4 + 20;
    uint32_t sum = 0;
    pcap_frame(frame, (struct pcap_flow){.outbound = true}, 1700000000123456789, 172);
    CHECK_EQUAL(wire_get32(frame), 1700000000);
    CHECK_EQUAL(wire_get32(frame + 4), 123456);
    CHECK_EQUAL(wire_get32(frame + 8), 14 + 20 + 8 + 172);
    for (unsigned i = 0; i < 20; i += 2)
        sum += wire_get16(ipv4 + i);
    CHECK_EQUAL((sum & 0xffff) + (sum >> 16), 0xffff);
    CHECK_EQUAL(wire_get16(udp), 16386);
    CHECK_EQUAL(wire_get16(udp + 2), 16388);
    CHECK_EQUAL(wire_get16(udp + 4), 180);
    pcap_frame(frame, (struct pcap_flow){.signalling = true}, 0, PCAP_PAYLOAD_MAX);
    CHECK_EQUAL(wire_get16(udp), 5060);
    CHECK_EQUAL(wire_get16(udp + 4), 1508);
}

static void test_a_ring_that_is_full_counts_what_it_loses(void)
{
    static const uint8_t packet[172];
    atomic_uint alive = 0;
    struct recording *recording = recording_new("unused", LIMIT, 0, &alive);
    for (unsigned i = 0; i < RECORDING_QUEUE; i++) {
        CHECK(recording_offer(recording, (struct pcap_flow){0}, i, packet, sizeof packet));
        recording_keep(recording);
    }
    CHECK(!recording_offer(recording, (struct pcap_flow){0}, 0, packet, sizeof packet));
    CHECK_EQUAL(atomic_load(&recording->lost), 1);
    CHECK_EQUAL(alive, 1);
    recording->object.free(&recording->object);
    CHECK_EQUAL(alive, 0);
}

static void test_what_is_offered_and_not_kept_is_forgotten(void)
{
    static const uint8_t packet[1];
    atomic_uint alive = 0;
    struct recording *recording = recording_new("unused", LIMIT, 0, &alive);
    CHECK(recording_offer(recording, (struct pcap_flow){0}, 1, packet, 1));
    CHECK(recording_offer(recording, (struct pcap_flow){0}, 2, packet, 1));
    recording_keep(recording);
    CHECK_EQUAL(queue_count(&recording->queue), 1);
    CHECK_EQUAL(((struct recorded *)queue_front(&recording->queue))->time_ns, 2);
    recording->object.free(&recording->object);
}

/* Stream and recording go in either order, finished or not, with steps in between or not; or only the engine does. */
static void test_every_end(void)
{
    for (unsigned way = 0; way < 32; way++) {
        char path[64];
        struct engine *engine = new_engine();
        int stream = new_stream(engine), recording;
        new_path(path);
        recording = engine_recording_new(engine, path, LIMIT);
        CHECK(recording > 0);
        CHECK_EQUAL(engine_stream_record(engine, stream, recording), 0);
        CHECK_EQUAL(engine_recording_add(engine, recording, true, (const uint8_t *)"hello", 5), 0);
        CHECK_EQUAL(engine_step(engine, way & 1 ? 20 : 0), 0);
        if (way & 2) {
            CHECK_EQUAL(engine_recording_finish(engine, recording), 0);
            CHECK_EQUAL(engine_recording_finish(engine, recording), 0);
        }
        if (way & 4)
            CHECK_EQUAL(engine_remove(engine, way & 8 ? recording : stream), 0);
        CHECK_EQUAL(engine_step(engine, way & 16 ? 20 : 0), 0);
        if (way & 8)
            CHECK_EQUAL(engine_remove(engine, way & 4 ? stream : recording), 0);
        engine_free(engine);
        CHECK_EQUAL(unlink(path), 0);
    }
}

/* More than there is room for on the way back, and nobody asks for events meanwhile. The sanitizer sees what is lost. */
static void test_many_messages_are_all_freed(void)
{
    char path[64];
    struct engine *engine = new_engine();
    new_path(path);
    int recording = engine_recording_new(engine, path, LIMIT);
    for (unsigned i = 0; i < MESSAGES; i++) {
        CHECK_EQUAL(engine_recording_add(engine, recording, true, (const uint8_t *)"hello", 5), 0);
        if (i % 64 == 0)
            CHECK_EQUAL(engine_step(engine, 1), 0);
    }
    engine_free(engine);
    CHECK_EQUAL(unlink(path), 0);
}

static void test_wrong_arguments(void)
{
    static char longest[PATH_MAX + 1];
    static const uint8_t message[PCAP_PAYLOAD_MAX + 1];
    char path[64];
    struct engine *engine = new_engine();
    int stream = new_stream(engine), recording;
    memset(longest, 'x', PATH_MAX);
    new_path(path);
    CHECK_EQUAL(engine_recording_new(engine, "", LIMIT), -EINVAL);
    CHECK_EQUAL(engine_recording_new(engine, longest, LIMIT), -EINVAL);
    CHECK_EQUAL(engine_recording_new(engine, path, 0), -EINVAL);
    recording = engine_recording_new(engine, path, LIMIT);
    CHECK_EQUAL(engine_recording_add(engine, recording, true, message, sizeof message), -EINVAL);
    CHECK_EQUAL(engine_recording_add(engine, recording, true, message, 0), -EINVAL);
    CHECK_EQUAL(engine_recording_add(engine, stream, true, message, 1), -ENOENT);
    CHECK_EQUAL(engine_recording_finish(engine, stream), -ENOENT);
    CHECK_EQUAL(engine_stream_record(engine, recording, recording), -ENOENT);
    CHECK_EQUAL(engine_stream_record(engine, stream, stream), -ENOENT);
    engine_free(engine);
    CHECK_EQUAL(unlink(path), 0);
}

int main(void)
{
    CHECK(mkdtemp(folder) != NULL);
    test_a_frame();
    test_a_ring_that_is_full_counts_what_it_loses();
    test_what_is_offered_and_not_kept_is_forgotten();
    test_every_end();
    test_many_messages_are_all_freed();
    test_wrong_arguments();
    CHECK_EQUAL(rmdir(folder), 0);
    return 0;
}
