/* Concealment, time-stretching, resampling and the decoder's catching up, each by a property that a listener would notice. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "conceal.h"
#include "g722.h"
#include "resample.h"
#include "signals.h"
#include "stretch.h"

enum { SECOND = 16000 };

static int16_t voice[4 * SECOND], other[4 * SECOND];

static double energy(const int16_t *x, size_t samples)
{
    double sum = 0.0;
    for (size_t i = 0; i < samples; i++) {
        sum += (double)x[i] * x[i];
    }
    return sum;
}

static double error_ratio(const int16_t *x, const int16_t *reference, size_t samples)
{
    double sum = 0.0;
    for (size_t i = 0; i < samples; i++) {
        sum += pow((double)x[i] - reference[i], 2.0);
    }
    return sum / (energy(reference, samples) + 1.0);
}

/* A steady tone goes on nearly as it was; then it fades to exact silence. */
static void test_conceal_goes_on_and_fades(void)
{
    struct conceal conceal;
    signal_sine(voice, SECOND, 200.0, 8000.0);
    conceal_begin(&conceal, voice + 4000 - CONCEAL_HISTORY);
    conceal_generate(&conceal, other, 2000);
    CHECK_BETWEEN(error_ratio(other, voice + 4000, 160), 0.0, 0.02);
    CHECK_BETWEEN(energy(other + 320, 160) / energy(voice + 4320, 160), 0.5, 0.95);
    CHECK_EQUAL(energy(other + 1600, 400), 0);
}

static void test_conceal_of_silence_is_silence(void)
{
    struct conceal conceal;
    memset(voice, 0, sizeof voice);
    conceal_begin(&conceal, voice);
    conceal_generate(&conceal, other, 1000);
    CHECK_EQUAL(energy(other, 1000), 0);
}

/* Whatever was played, what is made up is never louder than it was. */
static void test_conceal_never_explodes(void)
{
    struct conceal conceal;
    for (uint32_t seed = 1; seed < 200; seed++) {
        signal_noise(voice, CONCEAL_HISTORY, seed, 32767);
        if (seed % 2 == 0) {
            for (size_t i = 0; i < CONCEAL_HISTORY; i++) {
                voice[i] = i / (seed / 2) % 2 ? 32767 : -32768;
            }
        }
        conceal_begin(&conceal, voice);
        conceal_generate(&conceal, other, 1120);
        CHECK_BETWEEN(energy(other, 160) / energy(voice + CONCEAL_HISTORY - 160, 160), 0.0, 2.0);
    }
}

/* Largest step between two samples: a click would exceed what the signal itself does. */
static int steepest(const int16_t *x, size_t samples)
{
    int most = 0;
    for (size_t i = 1; i < samples; i++) {
        int step = abs(x[i] - x[i - 1]);
        most = step > most ? step : most;
    }
    return most;
}

static void test_stretch_keeps_the_pitch(void)
{
    for (double pitch = 80.0; pitch <= 400.0; pitch += 37.0) {
        signal_sine(voice, SECOND, pitch, 8000.0);
        int allowed = steepest(voice, SECOND) * 5 / 4 + 2;
        memcpy(other, voice, SECOND * sizeof *voice);
        size_t removed = stretch_shorten(other + 1000, 600, 520);
        CHECK_BETWEEN(removed, STRETCH_LAG_MIN, STRETCH_LAG_MAX);
        CHECK_BETWEEN(steepest(other, 1600 - removed), 0, allowed);
        CHECK(memcmp(other + 1000 + STRETCH_FADE, voice + 1000 + STRETCH_FADE + removed,
                     (600 - STRETCH_FADE - removed) * sizeof *voice) == 0);
        memcpy(other, voice, SECOND * sizeof *voice);
        size_t inserted = stretch_lengthen(other + 1000, 600, 240);
        CHECK_BETWEEN(inserted, STRETCH_LAG_MIN, STRETCH_LAG_MAX);
        CHECK_BETWEEN(steepest(other, 1600 + inserted), 0, allowed);
        CHECK(memcmp(other + 1000 + STRETCH_FADE + inserted, voice + 1000 + STRETCH_FADE,
                     (600 - STRETCH_FADE) * sizeof *voice) == 0);
    }
}

static void test_stretch_leaves_noise_alone(void)
{
    signal_noise(voice, SECOND, 3, 10000);
    memcpy(other, voice, SECOND * sizeof *voice);
    CHECK_EQUAL(stretch_shorten(other + 1000, 600, 520), 0);
    CHECK_EQUAL(stretch_lengthen(other + 1000, 600, 240), 0);
    CHECK(memcmp(other, voice, SECOND * sizeof *voice) == 0);
}

static void test_stretch_keeps_to_its_limits(void)
{
    memset(voice, 0, sizeof voice);
    CHECK_EQUAL(stretch_shorten(voice + 1000, 400, 50), 50);
    CHECK_EQUAL(stretch_shorten(voice + 1000, 400, 39), 0);
    CHECK_EQUAL(stretch_shorten(voice + 1000, 100, 80), 0);
    CHECK_EQUAL(stretch_lengthen(voice + 1000, 400, 77), 77);
    CHECK_EQUAL(stretch_lengthen(voice + 1000, 79, 240), 0);
}

/* Level in dB that a sine keeps through 16 -> 8 -> 16 kHz. */
static double through(double frequency)
{
    struct downsampler down = {0};
    struct upsampler up = {0};
    static int16_t narrow[SECOND / 2];
    signal_sine(voice, SECOND, frequency, 10000.0);
    downsample(&down, voice, SECOND / 2, narrow);
    upsample(&up, narrow, SECOND / 2, other);
    return 10.0 * log10(energy(other + 1000, SECOND - 1000) / energy(voice + 1000, SECOND - 1000) + 1e-12);
}

static void test_resampling_passes_speech_and_nothing_above(void)
{
    for (double frequency = 100.0; frequency <= 3400.0; frequency += 300.0) {
        CHECK_BETWEEN(through(frequency), -0.15, 0.15);
    }
    for (double frequency = 4700.0; frequency <= 7900.0; frequency += 400.0) {
        CHECK_BETWEEN(through(frequency), -200.0, -45.0);
    }
}

/* The loudest input there is, each sample at the limit with the sign that the taps have, saturates with the right sign: the sums of
 * the filters do not wrap. */
static void test_resampling_at_the_limit_does_not_wrap(void)
{
    int16_t pattern[2 * RESAMPLE_TAPS];
    for (int sign = 1; sign >= -1; sign -= 2) {
        for (int k = 0; k < RESAMPLE_TAPS; k++) {
            int distance = k < RESAMPLE_TAPS / 2 ? RESAMPLE_TAPS / 2 - 1 - k : k - RESAMPLE_TAPS / 2;
            int limit = distance % 2 == 0 ? sign : -sign;
            pattern[k] = limit > 0 ? INT16_MAX : INT16_MIN;
            other[2 * k] = sign > 0 ? INT16_MAX : INT16_MIN;
            other[2 * k + 1] = pattern[k];
        }
        struct upsampler up = {0};
        struct downsampler down = {0};
        int16_t doubled[2 * RESAMPLE_TAPS];
        int16_t halved[RESAMPLE_TAPS];
        upsample(&up, pattern, RESAMPLE_TAPS, doubled);
        downsample(&down, other, RESAMPLE_TAPS, halved);
        CHECK_EQUAL(doubled[2 * RESAMPLE_TAPS - 1], sign > 0 ? INT16_MAX : INT16_MIN);
        CHECK_EQUAL(halved[RESAMPLE_TAPS - 1], sign > 0 ? INT16_MAX : INT16_MIN);
    }
}

/* A decoder told what was played goes on better than one that was not told: the next 20 ms come out right. */
static void test_g722_follows_what_was_played(void)
{
    enum { LOST = 160, AT = 8000 };
    static uint8_t code[SECOND];
    static int16_t whole[2 * SECOND], after[320];
    struct g722_encoder encoder;
    struct g722_decoder decoder, told, untold;
    double told_error = 0.0, untold_error = 0.0;
    signal_voice(voice, 2 * SECOND);
    g722_encoder_init(&encoder);
    g722_encoder_encode(&encoder, voice, SECOND, code);
    g722_decoder_init(&decoder);
    g722_decoder_decode(&decoder, code, SECOND, whole);
    for (size_t at = 1600; at < SECOND - 1600; at += 800) {
        g722_decoder_init(&told);
        g722_decoder_decode(&told, code, at, other);
        untold = told;
        g722_decoder_follow(&told, whole + 2 * at, LOST);
        g722_decoder_decode(&told, code + at + LOST, 160, after);
        told_error += error_ratio(after, whole + 2 * (at + LOST), 320);
        g722_decoder_decode(&untold, code + at + LOST, 160, after);
        untold_error += error_ratio(after, whole + 2 * (at + LOST), 320);
    }
    CHECK(told_error < 0.1 * untold_error);
}

int main(void)
{
    test_conceal_goes_on_and_fades();
    test_conceal_of_silence_is_silence();
    test_conceal_never_explodes();
    test_stretch_keeps_the_pitch();
    test_stretch_leaves_noise_alone();
    test_stretch_keeps_to_its_limits();
    test_resampling_passes_speech_and_nothing_above();
    test_resampling_at_the_limit_does_not_wrap();
    test_g722_follows_what_was_played();
    return 0;
}
