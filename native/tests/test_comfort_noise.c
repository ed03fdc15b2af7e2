/* Silence: told from speech, described in a few bytes, and heard as the background that it was (RFC 3389). */
#include "activity.h"
#include "comfort_noise.h"
#include "network.h"

enum { SECOND = 16000, LENGTH = 12 * SECOND };

static int16_t spoken[LENGTH], heard[LENGTH];
static struct network net;

static double power(const int16_t *x, size_t samples)
{
    double sum = 0.0;
    for (size_t i = 0; i < samples; i++) {
        sum += (double)x[i] * x[i];
    }
    return 10.0 * log10(sum / (double)samples / (32768.0 * 32768.0) + 1e-12);
}

/* Correlation of neighbouring samples: says how dull the noise is. */
static double tilt(const int16_t *x, size_t samples)
{
    double own = 1.0, next = 0.0;
    for (size_t i = 1; i < samples; i++) {
        own += (double)x[i] * x[i];
        next += (double)x[i] * x[i - 1];
    }
    return next / own;
}

/* Noise below 8 kHz whose power falls with frequency. */
static void dull_noise(int16_t *out, size_t samples, int amplitude)
{
    double state = 0.0;
    signal_noise(out, samples, 99, amplitude);
    for (size_t i = 0; i < samples; i++) {
        state = 0.9 * state + 0.4 * out[i];
        out[i] = (int16_t)state;
    }
}

static void test_described_and_heard_again(void)
{
    for (int amplitude = 30; amplitude <= 3000; amplitude *= 10) {
        struct comfort_noise noise = {.level = 0.0f};
        uint8_t payload[COMFORT_NOISE_PAYLOAD_MAX];
        dull_noise(spoken, SECOND, amplitude);
        comfort_noise_describe(spoken + 3200, 960, payload);
        comfort_noise_take(&noise, payload, sizeof payload);
        for (size_t i = 0; i < SECOND; i += 160) {
            comfort_noise_generate(&noise, heard + i);
        }
        CHECK_BETWEEN(power(heard, SECOND) - power(spoken, SECOND), -3, 3);
        CHECK_BETWEEN(tilt(heard, SECOND) - tilt(spoken, SECOND), -0.1, 0.1);
    }
}

static void test_a_payload_of_the_level_alone(void)
{
    struct comfort_noise noise = {.level = 0.0f};
    comfort_noise_take(&noise, (const uint8_t[]){0x80 | 40}, 1);
    for (size_t i = 0; i < SECOND; i += 160) {
        comfort_noise_generate(&noise, heard + i);
    }
    CHECK_BETWEEN(power(heard, SECOND), -42, -38);
}

/* Any bytes make a filter that stays within bounds. */
static void test_no_payload_howls(void)
{
    uint32_t seed = 5;
    struct comfort_noise noise = {.level = 0.0f};
    for (int i = 0; i < 2000; i++) {
        uint8_t payload[30];
        for (size_t k = 0; k < sizeof payload; k++) {
            payload[k] = (uint8_t)random_next(&seed);
        }
        payload[0] = 40;
        comfort_noise_take(&noise, payload, 1 + (size_t)i % sizeof payload);
        comfort_noise_generate(&noise, heard);
    }
    comfort_noise_take(&noise, (const uint8_t[]){127}, 1);
    for (int i = 0; i < 100; i++) {
        comfort_noise_generate(&noise, heard);
    }
    CHECK_BETWEEN(power(heard, 160), -130, -90);
}

static void test_speech_is_told_from_background(void)
{
    struct activity activity = {.floor = 0.0f};
    unsigned active = 0;
    signal_noise(spoken, 4 * SECOND, 3, 100);
    for (size_t i = 0; i < 4 * SECOND; i += 160) {
        active += activity_detect(&activity, spoken + i);
    }
    CHECK_BETWEEN(active, 0, 20);
    signal_voice(spoken, SECOND / 2);
    for (active = 0; active < 50; active++) {
        CHECK(activity_detect(&activity, spoken + 160 * active) || active < 5);
    }
}

/* Three seconds of speech, five of background, speech again. */
static void make_conversation(void)
{
    static int16_t voice[3 * SECOND];
    dull_noise(spoken, LENGTH, 150);
    signal_voice(voice, 3 * SECOND);
    for (size_t i = 0; i < 3 * SECOND; i++) {
        spoken[i] = (int16_t)(spoken[i] + voice[i]);
        spoken[8 * SECOND + i] = (int16_t)(spoken[8 * SECOND + i] + voice[i]);
    }
}

static void converse(enum codec_id codec, bool discontinuous, struct receiver_statistics *in, struct sender_statistics *out)
{
    network_init(&net, codec, 20);
    struct sender_config config = network_sender_config(codec, 20);
    config.discontinuous = discontinuous;
    CHECK_EQUAL(sender_configure(net.sender, &config), 0);
    net.jitter_ns = 10000000;
    *in = network_run(&net, spoken, heard, LENGTH);
    sender_statistics(net.sender, out);
    network_free(&net);
}

static void test_silence_is_not_sent_and_is_heard(void)
{
    make_conversation();
    for (enum codec_id codec = CODEC_PCMU; codec < CODEC_COUNT; codec++) {
        struct receiver_statistics in;
        struct sender_statistics out;
        size_t lag = 0;
        bool opus = codec >= CODEC_OPUS_NB;
        converse(codec, false, &in, &out);
        CHECK_EQUAL(out.packets, 600);
        converse(codec, true, &in, &out);
        CHECK_BETWEEN(out.packets, 300, opus ? 560 : 340);
        CHECK_EQUAL(in.lost, 0);
        CHECK_BETWEEN(in.concealed_ms, 0, 60);
        CHECK_EQUAL(in.malformed + in.discarded + in.late, 0);
        CHECK_BETWEEN(network_likeness(spoken + 8 * SECOND + 1600, heard + 8 * SECOND + 1600, 2 * SECOND, &lag), opus ? 0.6 : 0.93, 1.0);
        for (size_t i = 4 * SECOND; i < 7 * SECOND; i += SECOND / 2) {
            double level = power(heard + i, SECOND / 2) - power(spoken + i, SECOND / 2);
            CHECK_BETWEEN(level, opus ? -14 : -4, 4);
        }
    }
}

int main(void)
{
    test_described_and_heard_again();
    test_a_payload_of_the_level_alone();
    test_no_payload_howls();
    test_speech_is_told_from_background();
    test_silence_is_not_sent_and_is_heard();
    return 0;
}
