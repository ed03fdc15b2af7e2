/* Tones: frequency, level, cadence, edges. Levels are measured with a Goertzel filter over whole periods. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "check.h"
#include "tone.h"

enum { RATE = 16000, FRAME = 160, SECONDS_MAX = 12 };

static int16_t line[RATE * SECONDS_MAX];

static size_t play(const struct tone_spec *spec, size_t frames)
{
    struct tone tone;
    CHECK_EQUAL(tone_init(&tone, spec), 0);
    for (size_t i = 0; i < frames; i++) {
        if (!tone_get(&tone, line + FRAME * i)) {
            return i;
        }
    }
    return frames;
}

/* Level in dBm0 of one frequency over a second of the line. */
static double level_at(const int16_t *x, double frequency)
{
    double cosine = 0.0, sine = 0.0;
    for (int i = 0; i < RATE; i++) {
        cosine += x[i] * cos(6.28318530718 * frequency * i / RATE);
        sine += x[i] * sin(6.28318530718 * frequency * i / RATE);
    }
    double amplitude = 2.0 * sqrt(cosine * cosine + sine * sine) / RATE;
    return 20.0 * log10(amplitude / 32767.0 + 1e-9) + 3.14;
}

static void test_four_frequencies_at_their_level(void)
{
    struct tone_spec spec = {.segment_count = 1,
                             .segments = {{.frequencies = {350, 440, 1000, 3001}, .frequency_count = 4, .level_dbm0 = -16}}};
    CHECK_EQUAL(play(&spec, 200), 200);
    for (unsigned i = 0; i < 4; i++) {
        CHECK_BETWEEN(level_at(line + RATE / 2, spec.segments[0].frequencies[i]), -16.05, -15.95);
    }
    CHECK_BETWEEN(level_at(line + RATE / 2, 700), -200, -60);
}

static int is_silent(size_t from_ms, size_t to_ms)
{
    for (size_t i = from_ms * 16; i < to_ms * 16; i++) {
        if (line[i] != 0) {
            return 0;
        }
    }
    return 1;
}

/* 400x25 of ITU-T E.180: carrier and both side bands, with the power of an unmodulated tone. */
static void test_modulation(void)
{
    struct tone_spec spec = {.segment_count = 1,
                             .segments = {{.frequencies = {400}, .frequency_count = 1, .modulation_hz = 25, .level_dbm0 = -10}}};
    CHECK_EQUAL(play(&spec, 200), 200);
    CHECK_BETWEEN(level_at(line + RATE / 2, 400), -11.81, -11.71);
    CHECK_BETWEEN(level_at(line + RATE / 2, 375), -17.83, -17.73);
    CHECK_BETWEEN(level_at(line + RATE / 2, 425), -17.83, -17.73);
    CHECK_BETWEEN(level_at(line + RATE / 2, 350), -200, -60);
}

static void test_cadence_repeats(void)
{
    struct tone_spec busy = {.segment_count = 1, .repeat = true,
                             .segments = {{.frequencies = {425}, .frequency_count = 1, .level_dbm0 = -10, .on_ms = 480, .off_ms = 480}}};
    CHECK_EQUAL(play(&busy, 300), 300);
    for (size_t cycle = 0; cycle < 3; cycle++) {
        CHECK(is_silent(960 * cycle + 480, 960 * cycle + 960));
        CHECK(!is_silent(960 * cycle + 5, 960 * cycle + 10));
        CHECK(!is_silent(960 * cycle + 470, 960 * cycle + 475));
    }
}

static void test_segments_follow_each_other_and_end(void)
{
    struct tone_spec melody = {.segment_count = 3,
                               .segments = {{.frequencies = {500}, .frequency_count = 1, .level_dbm0 = -10, .on_ms = 1000},
                                            {.on_ms = 200},
                                            {.frequencies = {800}, .frequency_count = 1, .level_dbm0 = -20, .on_ms = 1000, .off_ms = 5}}};
    CHECK_EQUAL(play(&melody, 1000), 221);
    CHECK_BETWEEN(level_at(line, 500), -10.2, -9.9);
    CHECK(is_silent(1000, 1200));
    CHECK_BETWEEN(level_at(line + RATE * 6 / 5, 800), -20.2, -19.9);
}

/* No step between samples is larger than the loudest slope of the tone itself. */
static void test_no_clicks(void)
{
    struct tone_spec spec = {.segment_count = 2, .repeat = true,
                             .segments = {{.frequencies = {425}, .frequency_count = 1, .level_dbm0 = 0, .on_ms = 33, .off_ms = 17},
                                          {.frequencies = {400}, .frequency_count = 1, .level_dbm0 = 0, .on_ms = 21}}};
    CHECK_EQUAL(play(&spec, 100), 100);
    double steepest = 32767.0 * pow(10.0, -3.14 / 20.0) * 6.28318530718 * 425 / RATE;
    for (size_t i = 1; i < 100 * FRAME; i++) {
        CHECK(abs(line[i] - line[i - 1]) <= 1.05 * steepest + 1.0);
    }
    CHECK(abs(line[0]) <= 1);
}

static void test_stop_fades_out(void)
{
    struct tone_spec dial = {.segment_count = 1, .segments = {{.frequencies = {425}, .frequency_count = 1, .level_dbm0 = 0}}};
    struct tone tone;
    CHECK_EQUAL(tone_init(&tone, &dial), 0);
    for (size_t i = 0; i < 10; i++) {
        CHECK(tone_get(&tone, line + FRAME * i));
    }
    tone_stop(&tone);
    CHECK(tone_get(&tone, line + FRAME * 10));
    CHECK(is_silent(105, 110));
    CHECK(!is_silent(100, 104));
    CHECK(!tone_get(&tone, line + FRAME * 11));
    CHECK(is_silent(110, 120));
    for (size_t i = 1; i < 12 * FRAME; i++) {
        CHECK(abs(line[i] - line[i - 1]) <= 4000);
    }
}

static void test_dtmf(void)
{
    struct tone_spec spec = {.segment_count = 1};
    CHECK_EQUAL(tone_dtmf(&spec.segments[0], '6', -12, 2000), 0);
    CHECK_EQUAL(play(&spec, 200), 200);
    CHECK_BETWEEN(level_at(line + 1000, 770), -12.1, -11.9);
    CHECK_BETWEEN(level_at(line + 1000, 1477), -12.1, -11.9);
    CHECK_EQUAL(tone_dtmf(&spec.segments[0], 'x', -12, 100), -EINVAL);
    CHECK_EQUAL(tone_dtmf(&spec.segments[0], '\0', -12, 100), -EINVAL);
}

static void test_refused(void)
{
    struct tone tone;
    struct tone_spec good = {.segment_count = 1, .segments = {{.frequencies = {425}, .frequency_count = 1}}}, bad = good;
    CHECK_EQUAL(tone_init(&tone, &good), 0);
    bad.segment_count = 0;
    CHECK_EQUAL(tone_init(&tone, &bad), -EINVAL);
    bad.segment_count = TONE_SEGMENTS_MAX + 1;
    CHECK_EQUAL(tone_init(&tone, &bad), -EINVAL);
    bad = good;
    bad.segments[0].frequencies[0] = 8000;
    CHECK_EQUAL(tone_init(&tone, &bad), -EINVAL);
    bad = good;
    bad.segments[0].level_dbm0 = 4;
    CHECK_EQUAL(tone_init(&tone, &bad), -EINVAL);
    bad = good;
    bad.segments[0].modulation_hz = TONE_MODULATION_MAX + 1;
    CHECK_EQUAL(tone_init(&tone, &bad), -EINVAL);
}

int main(void)
{
    test_four_frequencies_at_their_level();
    test_modulation();
    test_cadence_repeats();
    test_segments_follow_each_other_and_end();
    test_no_clicks();
    test_stop_fades_out();
    test_dtmf();
    test_refused();
    return 0;
}
