/* How late a tick was: a histogram with a resolution of one part in eight, from 1 us to over an hour. */
#ifndef IP270_LATENESS_H
#define IP270_LATENESS_H

#include <stdint.h>

enum { LATENESS_STEPS = 8, LATENESS_OCTAVES = 30, LATENESS_BUCKETS = LATENESS_STEPS * LATENESS_OCTAVES };

struct lateness {
    uint64_t count;
    int64_t max_ns;
    uint32_t buckets[LATENESS_BUCKETS];
};

void lateness_add(struct lateness *lateness, int64_t late_ns);

/* The upper edge, in microseconds, of the bucket that holds the given share (0..1) of all ticks; never above the maximum. */
double lateness_percentile(const struct lateness *lateness, double share);

#endif
