#include "delay.h"

/* What a packet every 20 ms needs to be in time with probability QUANTILE. FORGET halves the past in about five seconds; it begins
 * at nothing, so that the first packets of a call count at once. START is the lateness believed in before the first packet. */
static const double QUANTILE = 0.97, FORGET = 0.997;

enum { START_BUCKET = 2, TICK_SAMPLES = 160 };

void delay_init(struct delay_estimator *d)
{
    *d = (struct delay_estimator){.forget = 0.0};
    d->histogram[START_BUCKET] = 1.0;
}

void delay_restart(struct delay_estimator *d)
{
    d->started = false;
}

int64_t delay_lowest_offset(const struct delay_estimator *d)
{
    if (!d->started) {
        return 0;
    }
    int64_t lowest = d->minima[0];
    for (unsigned i = 1; i < DELAY_MINIMA; i++) {
        lowest = d->minima[i] < lowest ? d->minima[i] : lowest;
    }
    return lowest;
}

/* Opens new parts of the window up to `arrival`, each beginning with the offset at hand. */
static void move_window(struct delay_estimator *d, int64_t arrival, int64_t offset)
{
    if (!d->started || arrival >= d->current_end + DELAY_MINIMA * DELAY_MINIMUM_SAMPLES) {
        for (unsigned i = 0; i < DELAY_MINIMA; i++) {
            d->minima[i] = offset;
        }
        d->started = true;
        d->current = 0;
        d->current_end = arrival + DELAY_MINIMUM_SAMPLES;
    }
    while (arrival >= d->current_end) {
        d->current = (d->current + 1) % DELAY_MINIMA;
        d->minima[d->current] = offset;
        d->current_end += DELAY_MINIMUM_SAMPLES;
    }
}

static void learn(struct delay_estimator *d, int64_t lateness)
{
    int64_t bucket = lateness / DELAY_BUCKET_SAMPLES;
    bucket = bucket < DELAY_BUCKETS ? bucket : DELAY_BUCKETS - 1;
    for (unsigned i = 0; i < DELAY_BUCKETS; i++) {
        d->histogram[i] *= d->forget;
    }
    d->histogram[bucket] += 1.0 - d->forget;
    double equal = 1.0 / (2.0 - d->forget);    /* 0, 1/2, 2/3, 3/4 ...: the mean of all packets so far */
    d->forget = equal < FORGET ? equal : FORGET;
}

void delay_update(struct delay_estimator *d, int64_t arrival, int64_t time)
{
    int64_t offset = arrival - time;
    move_window(d, arrival, offset);
    if (offset < d->minima[d->current]) {
        d->minima[d->current] = offset;
    }
    learn(d, offset - delay_lowest_offset(d));
}

int64_t delay_target(const struct delay_estimator *d)
{
    double share = 0.0;
    int64_t bucket = 0;
    while (bucket < DELAY_BUCKETS - 1) {
        share += d->histogram[bucket];
        if (share >= QUANTILE) {
            break;
        }
        bucket++;
    }
    /* Up to one tick passes between a packet's arrival and the frame that needs it. */
    return (bucket + 1) * DELAY_BUCKET_SAMPLES + TICK_SAMPLES;
}
