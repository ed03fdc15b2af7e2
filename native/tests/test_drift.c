/* The clock matcher: an exact copy while clocks agree, a clean sine while they don't, and a queue that stays where it should. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "drift.h"

enum { RATE = 16000, FRAME = 160 };

static int16_t sine_at(long index, double frequency)
{
    return (int16_t)lrint(8000 * sin(2 * M_PI * frequency * (double)index / RATE));
}

static void test_equal_clocks_copy(void)
{
    static struct drift drift;
    int16_t in[FRAME], out[FRAME];
    drift_init(&drift);
    CHECK_EQUAL(drift_ready(&drift), 0);
    for (int frame = 0; frame < 50; frame++) {
        for (int i = 0; i < FRAME; i++)
            in[i] = (int16_t)(frame * FRAME + i);
        CHECK_EQUAL(drift_put(&drift, in, FRAME), FRAME);
        CHECK_EQUAL(drift_ready(&drift), FRAME);
        CHECK_EQUAL(drift_get(&drift, out, FRAME), FRAME);
        for (int i = 0; i < FRAME && frame > 0; i++)
            CHECK_EQUAL(out[i], frame * FRAME + i - DRIFT_TAPS / 2);
    }
    CHECK_EQUAL(drift_get(&drift, out, FRAME), 0);
}

/* What is left of a sine of `frequency` in `samples` when the best fitting one is taken away, in dB below it. */
static double purity(const int16_t *samples, int count, double frequency)
{
    double a = 0, b = 0, power = 0, rest = 0;
    for (int i = 0; i < count; i++) {
        a += 2.0 / count * samples[i] * cos(2 * M_PI * frequency * i / RATE);
        b += 2.0 / count * samples[i] * sin(2 * M_PI * frequency * i / RATE);
    }
    for (int i = 0; i < count; i++) {
        double fit = a * cos(2 * M_PI * frequency * i / RATE) + b * sin(2 * M_PI * frequency * i / RATE);
        power += fit * fit;
        rest += (samples[i] - fit) * (samples[i] - fit);
    }
    return 10 * log10(power / rest);
}

static void test_a_turned_rate_keeps_a_sine_clean(double frequency)
{
    static struct drift drift;
    static int16_t out[RATE];
    int16_t in[FRAME];
    int made = 0;
    drift_init(&drift);
    drift.step = 1 + 300e-6;
    for (long at = 0; made < RATE; at += FRAME) {
        for (int i = 0; i < FRAME; i++)
            in[i] = sine_at(at + i, frequency);
        drift_put(&drift, in, FRAME);
        size_t room = (size_t)(RATE - made) < FRAME ? (size_t)(RATE - made) : FRAME;
        made += (int)drift_get(&drift, out + made, room);
    }
    double heard = frequency * (1 + 300e-6);
    CHECK_BETWEEN(purity(out + RATE / 2, RATE / 2, heard), 45, 200);
}

/* A source whose clock is off by `ppm`, read by ours for twenty minutes: no frame is missed and the queue stays short. */
static void test_the_loop_learns_the_clock(double ppm)
{
    static struct drift drift;
    int16_t in[FRAME * 2] = {0}, out[FRAME];
    double owed = 0;
    drift_init(&drift);
    drift_put(&drift, in, FRAME * 2);
    for (int tick = 0; tick < 120000; tick++) {
        owed += FRAME * (1 + ppm * 1e-6);
        size_t count = (size_t)owed;
        owed -= (double)count;
        CHECK_EQUAL(drift_put(&drift, in, count), count);
        CHECK_EQUAL(drift_steer(&drift, (double)drift_ready(&drift) - 320, 0.01), 0);
        CHECK_EQUAL(drift_get(&drift, out, FRAME), FRAME);
    }
    CHECK_BETWEEN(drift_ppm(&drift), ppm - 20, ppm + 20);
    CHECK_BETWEEN(drift_ready(&drift), 120, 200);
}

static void test_a_backlog_is_jumped_over(void)
{
    static struct drift drift;
    int jump = 0;
    drift_init(&drift);
    for (int tick = 0; tick < 500 && jump == 0; tick++)
        jump = drift_steer(&drift, 900, 0.01);
    CHECK_BETWEEN(jump, 240, 900);
    for (int tick = 0; tick < 500; tick++)
        CHECK_EQUAL(drift_steer(&drift, 0, 0.01), 0);
    CHECK_BETWEEN(drift_ppm(&drift), -20, 20);
}

static void test_a_full_queue_takes_no_more_and_trims(void)
{
    static struct drift drift;
    static int16_t in[DRIFT_CAPACITY];
    drift_init(&drift);
    CHECK_EQUAL(drift_put(&drift, in, DRIFT_CAPACITY), DRIFT_CAPACITY - DRIFT_TAPS + 1);
    CHECK_EQUAL(drift_put(&drift, in, 1), 0);
    drift_trim(&drift, 320);
    CHECK_EQUAL(drift_ready(&drift), 320);
}

int main(void)
{
    test_equal_clocks_copy();
    test_a_turned_rate_keeps_a_sine_clean(1000);
    test_a_turned_rate_keeps_a_sine_clean(3400);
    test_the_loop_learns_the_clock(150);
    test_the_loop_learns_the_clock(-150);
    test_a_backlog_is_jumped_over();
    test_a_full_queue_takes_no_more_and_trims();
    return 0;
}
