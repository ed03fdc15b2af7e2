/* A running engine and three busy threads around it: objects come and go while packets, sound, events and counters flow. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "dtls_rig.h"
#include "ip270_media.h"

enum { ROUNDS = 60, CHURN_PORT = 43000, CALL_PORT = 43200, WAIT_MS_MAX = 20000 };

static char folder[] = "/tmp/tsan_engine-XXXXXX", recorded_path[64];

static struct engine *engine;
static atomic_bool done;
static atomic_int started, agreed;
static struct identity identity;

static void pause_ms(long milliseconds)
{
    struct timespec time = {.tv_nsec = milliseconds * 1000 * 1000};
    nanosleep(&time, NULL);
}

static struct media_stream_config towards(uint16_t port)
{
    struct media_stream_config config = {
        .remote_address = "127.0.0.1",
        .rtp_port = port,
        .receive_count = 1,
        .packet_time_ms = 20,
        .telephone_event_type = 101,
        .receive_telephone_event_type = 101,
        .comfort_noise_type = 13,
        .receive_comfort_noise_type = 13,
        .sends = true,
        .receives = true,
        .connected = true,
        .cname = "test",
    };
    return config;
}

static void *drain(void *unused)
{
    struct media_event event;
    (void)unused;
    while (!atomic_load(&done)) {
        while (engine_next_event(engine, &event) == 1) {
            atomic_fetch_add(&started, event.kind == MEDIA_EVENT_STARTED);
            atomic_fetch_add(&agreed, event.kind == MEDIA_EVENT_DTLS_CONNECTED);
        }
        pause_ms(1);
    }
    return NULL;
}

static void *watch(void *unused)
{
    struct media_report report;
    struct media_stream_statistics statistics;
    (void)unused;
    while (!atomic_load(&done)) {
        engine_report(engine, &report);
        for (int id = 1; id < 20; id++) {
            int result = engine_stream_statistics(engine, id, &statistics);
            CHECK(result == 0 || result == -ENOENT);
        }
        pause_ms(1);
    }
    return NULL;
}

/* Recordings on their way out keep their places until a disk, perhaps a slow one, has them. */
static int new_recording(void)
{
    int recorded = -EMFILE;
    for (int waited = 0; waited < WAIT_MS_MAX && recorded == -EMFILE; waited++) {
        recorded = engine_recording_new(engine, recorded_path, 1 << 20);
        if (recorded == -EMFILE)
            pause_ms(1);
    }
    return recorded;
}

/* Makes and removes one of everything, again and again. */
static void churn(void)
{
    static const int16_t recording[1000];
    struct media_stream_info info;
    struct media_tone tone = {.segments = {{.frequencies = {425}, .frequency_count = 1, .level_dbm0 = -10}}, .count = 1};
    struct media_device_config nowhere = {.capture = "no-such-card", .playback = "no-such-card", .period_ms = 10, .periods = 2};
    int bus = engine_bus_new(engine, false);
    int stream = engine_stream_new(engine, "127.0.0.1", CHURN_PORT, CHURN_PORT + 99, 46, &info);
    int device = engine_memory_device_new(engine);
    int card = engine_alsa_device_new(engine, &nowhere);
    int sound = engine_tone_new(engine), player = engine_player_new(engine, recording, 1000, true);
    int recorded = new_recording();
    struct media_stream_config config = towards(info.rtp_port);
    config.srtp.suite = MEDIA_SRTP_AEAD_AES_128_GCM;
    CHECK(bus > 0 && stream > 0 && device > 0 && card > 0 && sound > 0 && player > 0 && recorded > 0);
    CHECK_EQUAL(engine_stream_configure(engine, stream, &config), 0);
    CHECK_EQUAL(engine_stream_record(engine, stream, recorded), 0);
    CHECK_EQUAL(engine_recording_add(engine, recorded, true, (const uint8_t *)"hello", 5), 0);
    CHECK(engine_stream_dtls(engine, stream, 0, MEDIA_DTLS_CLIENT) > 0);
    CHECK_EQUAL(engine_join(engine, stream, bus, true, true, 1), 0);
    CHECK_EQUAL(engine_join(engine, device, bus, true, true, 1), 0);
    CHECK_EQUAL(engine_join(engine, card, bus, true, true, 1), 0);
    CHECK_EQUAL(engine_device_set_gate(engine, device, true), 0);
    CHECK_EQUAL(engine_tone_play(engine, sound, &tone, bus), 0);
    CHECK_EQUAL(engine_player_play(engine, player, device), 0);
    CHECK_EQUAL(engine_stream_digit(engine, stream, '5', 100), 0);
    CHECK_EQUAL(engine_device_feed(engine, device, recording, 1000), 1000);
    pause_ms(7);
    CHECK_EQUAL(engine_recording_finish(engine, recorded), 0);
    config.srtp.send_key[0]++;
    config.rtcp_apart = true;
    config.srtcp.suite = MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80;
    CHECK_EQUAL(engine_stream_configure(engine, stream, &config), 0);
    CHECK(engine_stream_dtls(engine, stream, 1, MEDIA_DTLS_CLIENT) > 0);
    CHECK(engine_stream_dtls(engine, stream, 0, MEDIA_DTLS_SERVER) > 0);
    CHECK_EQUAL(engine_set_identity(engine, identity.certificate, identity.certificate_size, identity.key, identity.key_size), 0);
    CHECK(engine_device_gate_open(engine, device) >= 0);
    int all[] = {bus, player, stream, sound, device, card, recorded};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        CHECK_EQUAL(engine_remove(engine, all[i]), 0);
    CHECK_EQUAL(engine_remove(engine, bus), -ENOENT);
    unlink(recorded_path);      /* it may not be there yet, or still be written */
}

/* Two streams that talk to each other throughout, and agree on keys. */
static void start_call(void)
{
    struct media_stream_info near, far;
    int first = engine_stream_new(engine, "127.0.0.1", CALL_PORT, CALL_PORT + 99, 46, &near);
    int second = engine_stream_new(engine, "127.0.0.1", CALL_PORT, CALL_PORT + 99, 46, &far);
    struct media_stream_config to_far = towards(far.rtp_port), to_near = towards(near.rtp_port);
    CHECK_EQUAL(engine_stream_configure(engine, first, &to_far), 0);
    CHECK_EQUAL(engine_stream_configure(engine, second, &to_near), 0);
    CHECK(engine_stream_dtls(engine, second, 0, MEDIA_DTLS_SERVER) > 0);
    CHECK(engine_stream_dtls(engine, first, 0, MEDIA_DTLS_CLIENT) > 0);
    CHECK(engine_stream_dtls(engine, second, 1, MEDIA_DTLS_SERVER) > 0);
    CHECK(engine_stream_dtls(engine, first, 1, MEDIA_DTLS_CLIENT) > 0);
}

/* How far streams have come is written down for another process. */
static void keep(void)
{
    int memory = memfd_create("tsan_engine", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    CHECK(memory >= 0 && ftruncate(memory, MEDIA_CONTINUITY_BYTES) == 0 && fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    CHECK_EQUAL(engine_keep_in(engine, memory), 0);
    CHECK_EQUAL(engine_keep_in(engine, memory), -EBUSY);
    close(memory);
}

static void run(enum media_clock clock)
{
    pthread_t drainer, watcher;
    int error;
    atomic_store(&done, false);
    atomic_store(&started, 0);
    atomic_store(&agreed, 0);
    engine = engine_new((int)clock, &error);
    CHECK(engine != NULL);
    CHECK_EQUAL(engine_set_identity(engine, identity.certificate, identity.certificate_size, identity.key, identity.key_size), 0);
    keep();
    CHECK_EQUAL(engine_start(engine), 0);
    CHECK_EQUAL(pthread_create(&drainer, NULL, drain, NULL), 0);
    CHECK_EQUAL(pthread_create(&watcher, NULL, watch, NULL), 0);
    start_call();
    for (int round = 0; round < ROUNDS; round++)
        churn();
    for (int waited = 0; waited < WAIT_MS_MAX && (atomic_load(&started) < 2 || atomic_load(&agreed) < 4); waited++)
        pause_ms(1);
    atomic_store(&done, true);
    pthread_join(drainer, NULL);
    pthread_join(watcher, NULL);
    CHECK(atomic_load(&started) >= 2);
    CHECK_EQUAL(atomic_load(&agreed), 4);
    engine_free(engine);
    unlink(recorded_path);
}

int main(void)
{
    CHECK(mkdtemp(folder) != NULL);
    snprintf(recorded_path, sizeof recorded_path, "%s/call", folder);
    identity = identity_new();
    run(MEDIA_CLOCK_TIMER);
    run(MEDIA_CLOCK_CARD);
    CHECK_EQUAL(rmdir(folder), 0);
    SSL_CTX_free(identity.context);
    return 0;
}
