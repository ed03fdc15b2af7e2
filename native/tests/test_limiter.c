/* The ear's guard: never above the peak whatever comes, not long above the mean level, and nothing touched below. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "limiter.h"

enum { FRAME = MEDIA_FRAME_SAMPLES };

static const float PEAK = 0.5f;
static const int PEAK_SAMPLE = 16384;

static uint32_t seed = 1;

static int16_t noise(int amplitude)
{
    seed = seed * 1664525u + 1013904223u;
    return (int16_t)((int)(seed >> 16) % (2 * amplitude + 1) - amplitude);
}

static int largest(const int16_t *frame)
{
    int most = 0;
    for (int i = 0; i < FRAME; i++)
        most = abs(frame[i]) > most ? abs(frame[i]) : most;
    return most;
}

static void test_nothing_gets_above_the_peak(void)
{
    struct limiter limiter;
    int16_t frame[FRAME];
    limiter_init(&limiter, PEAK, 0);
    for (int round = 0; round < 4000; round++) {
        float gain = (float)(round % 7) * 2.5f;
        for (int i = 0; i < FRAME; i++)
            frame[i] = round % 3 == 0 ? noise(32767) : i == round % FRAME ? INT16_MIN : noise(100);
        limiter_run(&limiter, frame, gain);
        CHECK(largest(frame) <= PEAK_SAMPLE);
    }
}

static void test_what_is_below_comes_16_samples_later_to_the_bit(void)
{
    struct limiter limiter;
    int16_t in[FRAME * 100], out[FRAME * 100];
    limiter_init(&limiter, PEAK, 0.4f);
    for (int i = 0; i < FRAME * 100; i++)
        in[i] = out[i] = noise(i % 1000 == 0 ? PEAK_SAMPLE : 4000);
    for (int frame = 0; frame < 100; frame++)
        limiter_run(&limiter, out + frame * FRAME, 1);
    CHECK(memcmp(in, out + LIMITER_AHEAD, (FRAME * 100 - LIMITER_AHEAD) * sizeof *in) == 0);
}

/* A peak is lowered with what lies around it: its neighbours keep their proportion, so nothing is clipped flat. */
static void test_a_loud_sine_keeps_its_shape(void)
{
    struct limiter limiter;
    int16_t out[FRAME * 50];
    double phase = 0, power = 0, at_tone = 0, at_tone_q = 0;
    limiter_init(&limiter, PEAK, 0);
    for (int i = 0; i < FRAME * 50; i++) {
        out[i] = (int16_t)(30000 * sin(phase));
        phase += 2 * 3.14159265358979 * 1000 / 16000;
    }
    for (int frame = 0; frame < 50; frame++)
        limiter_run(&limiter, out + frame * FRAME, 1);
    for (int i = FRAME * 40; i < FRAME * 50; i++) {
        double angle = 2 * 3.14159265358979 * 1000 / 16000 * i;
        power += (double)out[i] * out[i];
        at_tone += out[i] * sin(angle);
        at_tone_q += out[i] * cos(angle);
    }
    double fundamental = (at_tone * at_tone + at_tone_q * at_tone_q) * 2 / (FRAME * 10);
    CHECK((power - fundamental) / power < 0.0001);
}

static void test_it_recovers_from_a_peak(void)
{
    struct limiter limiter;
    int16_t frame[FRAME];
    limiter_init(&limiter, PEAK, 0);
    for (int round = 0; round < 60; round++) {
        for (int i = 0; i < FRAME; i++)
            frame[i] = round == 0 ? INT16_MAX : 1000;
        limiter_run(&limiter, frame, 1);
    }
    CHECK_EQUAL(frame[0], 1000);
    CHECK(limiter.resting);
}

static void test_a_lasting_level_is_lowered_and_given_back(void)
{
    struct limiter limiter;
    int16_t frame[FRAME];
    double power = 0;
    limiter_init(&limiter, 1, 0.1f);
    for (int tick = 0; tick < 1000; tick++) {
        for (int i = 0; i < FRAME; i++)
            frame[i] = (int16_t)(i % 2 == 0 ? 20000 : -20000);
        limiter_run(&limiter, frame, 1);
    }
    for (int i = 0; i < FRAME; i++)
        power += (double)frame[i] * frame[i] / FRAME;
    CHECK(sqrt(power) <= 0.1 * 32768 * 1.01);
    for (int tick = 0; tick < 2000; tick++) {
        memset(frame, 0, sizeof frame);
        limiter_run(&limiter, frame, 1);
    }
    CHECK(limiter.cap == 1);
}

int main(void)
{
    test_nothing_gets_above_the_peak();
    test_what_is_below_comes_16_samples_later_to_the_bit();
    test_a_loud_sine_keeps_its_shape();
    test_it_recovers_from_a_peak();
    test_a_lasting_level_is_lowered_and_given_back();
    return 0;
}
