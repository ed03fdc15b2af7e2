/* Who hears whom, and how loud: two hear each other to the bit, several together are limited and not clipped, and nobody hears a click
 * when a third comes or goes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "mixer.h"

enum { FRAME = MEDIA_FRAME_SAMPLES, PARTIES = 4, FULL_SCALE = 32767 };

static const int PEAK_SAMPLE = 29196;           /* -1 dB */

static struct bus bus;
static struct party parties[PARTIES];
static long now;                                /* samples since the beginning */

static void begin(void)
{
    bus = (struct bus){0};
    now = 0;
    for (int i = 0; i < PARTIES; i++)
        parties[i] = (struct party){.bus = &bus, .listen = true, .talk = true, .gain = 1, .faded = 1};
}

/* A tone of its own for each party. */
static double tone(int party, long sample)
{
    return sin(6.283185307179586 * (150.0 + 70.0 * party) * (double)sample / 16000.0);
}

/* One tick in which the first `count` parties are on the bus, and the first two and `others` of the rest talk with this amplitude. */
static void tick_of(int count, double amplitude, int others)
{
    mixer_clear(&bus);
    for (int party = 0; party < count; party++) {
        for (int i = 0; i < FRAME; i++)
            parties[party].input[i] = (int16_t)(party < 2 + others ? amplitude * tone(party, now + i) : 0);
        mixer_add(&parties[party]);
    }
    for (int party = 0; party < count; party++)
        mixer_hear(&parties[party]);
    now += FRAME;
}

static void tick(int count, double amplitude)
{
    tick_of(count, amplitude, count);
}

static int largest(const int16_t *frame)
{
    int most = 0;
    for (int i = 0; i < FRAME; i++)
        most = abs(frame[i]) > most ? abs(frame[i]) : most;
    return most;
}

static void test_two_hear_each_other_to_the_bit(void)
{
    begin();
    for (int round = 0; round < 100; round++) {
        tick(2, FULL_SCALE);
        CHECK(memcmp(parties[0].heard, parties[1].input, sizeof parties[0].heard) == 0);
        CHECK(memcmp(parties[1].heard, parties[0].input, sizeof parties[1].heard) == 0);
    }
}

/* How much of what a party hears is the sum of the others, a millisecond later: 1 where nothing is bent. */
static double likeness(int listener, int count)
{
    double both = 0, heard = 0, wanted = 0;
    for (int i = 0; i < FRAME; i++) {
        double sum = 0;
        for (int party = 0; party < count; party++)
            sum += party == listener ? 0 : tone(party, now - FRAME + i - LIMITER_AHEAD);
        both += sum * parties[listener].heard[i];
        heard += (double)parties[listener].heard[i] * parties[listener].heard[i];
        wanted += sum * sum;
    }
    return both / sqrt(heard * wanted);
}

static void test_several_loud_ones_are_limited_and_not_clipped(void)
{
    double mean = 0;
    begin();
    for (int round = 0; round < 300; round++) {
        tick(PARTIES, 25000);
        if (round < 5)
            continue;
        CHECK(largest(parties[0].heard) <= PEAK_SAMPLE);
        mean += likeness(0, PARTIES) / 295;
    }
    CHECK_BETWEEN(mean, 0.99, 1.0);
}

static void test_several_quiet_ones_are_the_sum(void)
{
    begin();
    for (int round = 0; round < 50; round++) {
        tick(3, 5000);
        for (int i = LIMITER_AHEAD; i < FRAME && round > 0; i++)
            CHECK_EQUAL(parties[0].heard[i], parties[1].input[i - LIMITER_AHEAD] + parties[2].input[i - LIMITER_AHEAD]);
    }
}

/* A third who is silent comes and goes: nothing jumps more than the voice that is heard does by itself. */
static void test_nobody_hears_a_click_when_a_third_comes_or_goes(void)
{
    int16_t last = 0;
    int steepest = 0;
    begin();
    for (int round = 0; round < 60; round++) {
        tick_of(round >= 20 && round < 40 ? 3 : 2, 10000, 0);
        for (int i = 0; i < FRAME; i++) {
            int step = abs(parties[0].heard[i] - last);
            steepest = (round > 0 || i > 0) && step > steepest ? step : steepest;
            last = parties[0].heard[i];
        }
    }
    CHECK_BETWEEN(steepest, 860, 900);          /* a tone of 220 Hz by itself: 864 from one sample to the next */
}

int main(void)
{
    test_two_hear_each_other_to_the_bit();
    test_several_loud_ones_are_limited_and_not_clipped();
    test_several_quiet_ones_are_the_sum();
    test_nobody_hears_a_click_when_a_third_comes_or_goes();
    return 0;
}
