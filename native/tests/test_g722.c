/* G.722 against spandsp: every byte, every sample, over voice, loud noise, clipping, silence and random bits. */
#include <spandsp.h>
#include <string.h>

#include "check.h"
#include "g722.h"
#include "signals.h"

enum { SAMPLES = 16000 * 4, BYTES = SAMPLES / 2 };

static int16_t input[SAMPLES], ours_out[SAMPLES], oracle_out[SAMPLES];
static uint8_t ours_code[BYTES], oracle_code[BYTES];

/* The Recommendation limits the receive QMF's output (ITU-T G.722, 4.4); spandsp 0.0.6 lets it wrap around. */
static int same_sample(int16_t ours, int16_t oracle)
{
    return ours == oracle || ours == INT16_MAX || ours == INT16_MIN;
}

static void check_decoder(const uint8_t *code)
{
    struct g722_decoder ours;
    g722_decoder_init(&ours);
    g722_decode_state_t *oracle = g722_decode_init(NULL, 64000, 0);
    CHECK_EQUAL(g722_decode(oracle, oracle_out, code, BYTES), SAMPLES);
    g722_decoder_decode(&ours, code, BYTES, ours_out);
    for (size_t i = 0; i < SAMPLES; i++) {
        CHECK(same_sample(ours_out[i], oracle_out[i]));
    }
    g722_decode_free(oracle);
}

static void check_both(void)
{
    struct g722_encoder ours;
    g722_encoder_init(&ours);
    g722_encode_state_t *oracle = g722_encode_init(NULL, 64000, 0);
    CHECK_EQUAL(g722_encode(oracle, oracle_code, input, SAMPLES), BYTES);
    g722_encoder_encode(&ours, input, BYTES, ours_code);
    CHECK(memcmp(ours_code, oracle_code, BYTES) == 0);
    check_decoder(oracle_code);
    g722_encode_free(oracle);
}

static void test_voice(void)
{
    signal_voice(input, SAMPLES);
    check_both();
}

static void test_noise_at_every_level(void)
{
    for (int amplitude = 1; amplitude <= INT16_MAX; amplitude = amplitude * 4 + 3) {
        signal_noise(input, SAMPLES, 11u + (uint32_t)amplitude, amplitude);
        check_both();
    }
}

static void test_full_scale_square(void)
{
    for (size_t i = 0; i < SAMPLES; i++) {
        input[i] = i / (1 + i / 1000) % 2 ? INT16_MAX : INT16_MIN;
    }
    check_both();
}

static void test_silence_after_voice(void)
{
    signal_voice(input, SAMPLES / 2);
    memset(input + SAMPLES / 2, 0, SAMPLES / 2 * sizeof *input);
    check_both();
}

static void test_random_bits(void)
{
    uint32_t seed = 99;
    for (size_t i = 0; i < BYTES; i++) {
        ours_code[i] = (uint8_t)(random_next(&seed) >> 11);
    }
    check_decoder(ours_code);
}

/* Packets of any size give what one call gives. */
static void test_split_calls(void)
{
    signal_voice(input, SAMPLES);
    struct g722_encoder encoder;
    g722_encoder_init(&encoder);
    g722_encoder_encode(&encoder, input, BYTES, oracle_code);
    g722_encoder_init(&encoder);
    size_t done = 0;
    for (size_t piece = 1; done < BYTES; piece = piece * 3 % 241 + 1) {
        size_t bytes = BYTES - done < piece ? BYTES - done : piece;
        g722_encoder_encode(&encoder, input + 2 * done, bytes, ours_code + done);
        done += bytes;
    }
    CHECK(memcmp(ours_code, oracle_code, BYTES) == 0);
}

/* g722.h promises this delay; concealment relies on it. */
static void test_delay(void)
{
    memset(input, 0, sizeof input);
    struct g722_encoder encoder;
    struct g722_decoder decoder;
    g722_encoder_init(&encoder);
    g722_decoder_init(&decoder);
    signal_voice(input, SAMPLES);
    g722_encoder_encode(&encoder, input, BYTES, ours_code);
    g722_decoder_decode(&decoder, ours_code, BYTES, ours_out);
    double best = 0.0;
    int best_delay = -1;
    for (int delay = 0; delay < 40; delay++) {
        double sum = 0.0;
        for (int i = 1000; i < SAMPLES; i++) {
            sum += (double)ours_out[i] * input[i - delay];
        }
        if (sum > best) {
            best = sum;
            best_delay = delay;
        }
    }
    CHECK_EQUAL(best_delay, G722_QMF_DELAY);
}

int main(void)
{
    test_voice();
    test_noise_at_every_level();
    test_full_scale_square();
    test_silence_after_voice();
    test_random_bits();
    test_split_calls();
    test_delay();
    return 0;
}
