/* What a tick costs in a conference of eight parties with mixed codecs and us:
 *
 *     bench_conference SECONDS clear|srtp
 *
 * The phone's engine and that of the eight far ends take turns on one core, packets go over loopback sockets, everybody talks. One
 * line of JSON: percentiles of the phone's tick in microseconds, what it heard, and for a floor the same codecs alone, per tick, which is
 * what would be left without sockets, RTP, jitter buffers, mixing and counters. */
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec.h"
#include "ip270_media.h"
#include "signals.h"

enum { PARTIES = 8, WARM_UP_TICKS = 200, TICKS_MAX = 60000, VOICE = 16000 * 6, PACKET = 320 };

static const enum media_codec CODECS[PARTIES] = {
    MEDIA_PCMU, MEDIA_PCMA, MEDIA_G722, MEDIA_OPUS_NB, MEDIA_OPUS_WB, MEDIA_OPUS_WB, MEDIA_G722, MEDIA_PCMA,
};
static const uint8_t PAYLOAD_TYPES[] = {0, 8, 9, 111, 111};

static int16_t voice[VOICE];
static double ticks[TICKS_MAX], alone[TICKS_MAX];

static void *must(void *pointer)
{
    if (pointer == NULL)
        abort();
    return pointer;
}

static int done(int result)
{
    if (result < 0) {
        fprintf(stderr, "bench_conference: %s\n", strerror(-result));
        exit(1);
    }
    return result;
}

/* Processor time: what else runs on this core is the lateness row's business. */
static double microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

static void configure(struct engine *engine, int stream, int party, uint16_t remote_port, bool srtp, bool far)
{
    uint8_t codec = (uint8_t)CODECS[party], type = PAYLOAD_TYPES[codec];
    struct media_stream_config config = {
        .remote_address = "127.0.0.1",
        .rtp_port = remote_port,
        .send = {.payload_type = type, .codec = codec},
        .receive = {{.payload_type = type, .codec = codec}},
        .receive_count = 1,
        .packet_time_ms = 20,
        .telephone_event_type = -1,
        .receive_telephone_event_type = -1,
        .comfort_noise_type = -1,
        .receive_comfort_noise_type = -1,
        .sends = true,
        .receives = true,
        .connected = true,
        .cname = "bench",
    };
    if (srtp) {
        config.srtp.suite = MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80;
        memset(config.srtp.send_key, far ? 2 : 1, sizeof config.srtp.send_key);
        memset(config.srtp.receive_key, far ? 1 : 2, sizeof config.srtp.receive_key);
    }
    done(engine_stream_configure(engine, stream, &config));
}

/* Each party at its own place in the voice, so that not all pause together. */
static void talk(struct engine *engine, int bus, int party)
{
    size_t begin = (size_t)party * 4321;
    done(engine_player_play(engine, done(engine_player_new(engine, voice + begin, VOICE - begin, true)), bus));
}

static int join(struct engine *phone, int bus, struct engine *far, int party, bool srtp)
{
    struct media_stream_info here, there;
    int ours = done(engine_stream_new(phone, "127.0.0.1", 40000, 49999, 46, &here));
    int theirs = done(engine_stream_new(far, "127.0.0.1", 40000, 49999, 46, &there));
    int room = done(engine_bus_new(far, false));
    configure(phone, ours, party, there.rtp_port, srtp, false);
    configure(far, theirs, party, here.rtp_port, srtp, true);
    done(engine_join(phone, ours, bus, true, true, 1));
    done(engine_join(far, theirs, room, true, true, 1));
    talk(far, room, party);
    return ours;
}

/* Packets of all streams that were heard in time, as they all should be. */
static uint64_t heard_packets(struct engine *phone, const int streams[PARTIES])
{
    struct media_stream_statistics statistics;
    uint64_t heard = 0;
    for (int party = 0; party < PARTIES; party++) {
        done(engine_stream_statistics(phone, streams[party], &statistics));
        heard += statistics.packets_received - statistics.late - statistics.discarded;
    }
    return heard;
}

struct bare {
    void *encoders[PARTIES], *decoders[PARTIES];
};

static void bare_init(struct bare *bare)
{
    for (int party = 0; party < PARTIES; party++) {
        const struct codec *codec = codec_get((enum codec_id)CODECS[party]);
        bare->encoders[party] = must(malloc(codec->encoder_size()));
        bare->decoders[party] = must(malloc(codec->decoder_size()));
        done(codec->encoder_init(bare->encoders[party]));
        done(codec->decoder_init(bare->decoders[party]));
    }
}

static void bare_free(struct bare *bare)
{
    for (int party = 0; party < PARTIES; party++) {
        free(bare->encoders[party]);
        free(bare->decoders[party]);
    }
}

/* Encodes and decodes a packet of every party. */
static void bare_packets(struct bare *bare, size_t number)
{
    uint8_t payload[CODEC_PAYLOAD_MAX];
    int16_t out[CODEC_PACKET_SAMPLES_MAX];
    for (int party = 0; party < PARTIES; party++) {
        const struct codec *codec = codec_get((enum codec_id)CODECS[party]);
        const int16_t *in = voice + ((size_t)party * 4321 + number * PACKET) % (VOICE - PACKET);
        int size = done(codec->encode(bare->encoders[party], in, PACKET, payload, sizeof payload));
        done(codec->decode(bare->decoders[party], payload, (size_t)size, out, CODEC_PACKET_SAMPLES_MAX));
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

static double percentile(const double *sorted, size_t count, double percent)
{
    return sorted[(size_t)fmin((double)count - 1, (double)count * percent / 100)];
}

/* Runs both engines, the phone's ticks timed, and the bare codecs each second tick. Returns the packets that were heard. */
static uint64_t run(size_t count, bool srtp)
{
    int error, streams[PARTIES];
    struct bare bare;
    struct engine *phone = must(engine_new(MEDIA_CLOCK_STEPPED, &error)), *far = must(engine_new(MEDIA_CLOCK_STEPPED, &error));
    int bus = done(engine_bus_new(phone, false)), device = done(engine_memory_device_new(phone));
    done(engine_join(phone, device, bus, true, true, 1));
    done(engine_device_set_gate(phone, device, true));
    bare_init(&bare);
    for (int party = 0; party < PARTIES; party++)
        streams[party] = join(phone, bus, far, party, srtp);
    for (size_t tick = 0; tick < WARM_UP_TICKS + count; tick++) {
        int16_t ear[MEDIA_FRAME_SAMPLES];
        done(engine_step(far, 1));
        done(engine_device_feed(phone, device, voice + tick * MEDIA_FRAME_SAMPLES % (VOICE - MEDIA_FRAME_SAMPLES), MEDIA_FRAME_SAMPLES));
        double start = microseconds();
        done(engine_step(phone, 1));
        if (tick >= WARM_UP_TICKS)
            ticks[tick - WARM_UP_TICKS] = microseconds() - start;
        done(engine_device_take(phone, device, ear, MEDIA_FRAME_SAMPLES));
        start = microseconds();
        if (tick % 2 == 0)
            bare_packets(&bare, tick / 2);
        if (tick % 2 == 0 && tick >= WARM_UP_TICKS)
            alone[(tick - WARM_UP_TICKS) / 2] = microseconds() - start;
    }
    uint64_t heard = heard_packets(phone, streams);
    bare_free(&bare);
    engine_free(phone);
    engine_free(far);
    return heard;
}

int main(int argument_count, char **arguments)
{
    size_t count = argument_count == 3 ? strtoul(arguments[1], NULL, 10) * 100 : 0;
    bool srtp = argument_count == 3 && strcmp(arguments[2], "srtp") == 0;
    if (count == 0 || count > TICKS_MAX) {
        fprintf(stderr, "usage: bench_conference SECONDS clear|srtp\n");
        return 2;
    }
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    sched_setaffinity(0, sizeof one, &one);
    signal_voice(voice, VOICE);
    uint64_t heard = run(count, srtp);
    double tick_mean = mean(ticks, count), alone_mean = mean(alone, count / 2) / 2;
    qsort(ticks, count, sizeof *ticks, compare);
    printf("{\"ticks\": %zu, \"mean_us\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f, "
           "\"codecs_us\": %.1f, \"packets\": %llu, \"packets_sent\": %zu}\n",
           count, tick_mean, percentile(ticks, count, 50), percentile(ticks, count, 99), percentile(ticks, count, 99.9),
           ticks[count - 1], alone_mean, (unsigned long long)heard, (count + WARM_UP_TICKS) / 2 * PARTIES);
    return 0;
}
