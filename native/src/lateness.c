#include "lateness.h"

#include <stddef.h>

/* Below LATENESS_STEPS microseconds a bucket is one microsecond wide; above, each octave has LATENESS_STEPS buckets. */
static size_t bucket_of(uint64_t microseconds)
{
    if (microseconds < LATENESS_STEPS)
        return (size_t)microseconds;
    unsigned octave = 63U - (unsigned)__builtin_clzll(microseconds) - 2U;
    size_t bucket = (size_t)octave * LATENESS_STEPS + ((microseconds >> (octave - 1)) & (LATENESS_STEPS - 1));
    return bucket < LATENESS_BUCKETS ? bucket : LATENESS_BUCKETS - 1;
}

static double upper_edge(size_t bucket)
{
    if (bucket < LATENESS_STEPS)
        return (double)(bucket + 1);
    unsigned octave = (unsigned)(bucket / LATENESS_STEPS);
    return (double)((uint64_t)(LATENESS_STEPS + bucket % LATENESS_STEPS + 1) << (octave - 1));
}

void lateness_add(struct lateness *lateness, int64_t late_ns)
{
    if (late_ns < 0)
        late_ns = 0;
    lateness->count++;
    if (late_ns > lateness->max_ns)
        lateness->max_ns = late_ns;
    lateness->buckets[bucket_of((uint64_t)late_ns / 1000)]++;
}

double lateness_percentile(const struct lateness *lateness, double share)
{
    double maximum = (double)lateness->max_ns / 1000;
    uint64_t seen = 0;
    double wanted = share * (double)lateness->count;
    for (size_t i = 0; i < LATENESS_BUCKETS; i++) {
        seen += lateness->buckets[i];
        if (lateness->buckets[i] != 0 && (double)seen >= wanted)
            return upper_edge(i) < maximum ? upper_edge(i) : maximum;
    }
    return maximum;
}
