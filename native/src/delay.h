/* delay.h: how long packets should wait, learnt from when they arrived.
 *
 * A packet's offset is its arrival less its media time. The lowest offset of the last two seconds stands for a packet that the
 * network did not hold up; what a packet took longer than that is its lateness. The target is a quantile of a histogram of
 * lateness that forgets slowly. Times are 16 kHz samples, arrival counted in our ticks, so that clock drift moves the lowest
 * offset and nothing else.
 */
#ifndef IP270_DELAY_H
#define IP270_DELAY_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DELAY_BUCKETS = 100,
    DELAY_BUCKET_SAMPLES = 80,               /**< 5 ms                                                */
    DELAY_MINIMA = 8,                        /**< Parts of the two-second window                      */
    DELAY_MINIMUM_SAMPLES = 4000,            /**< 250 ms each                                         */
};

struct delay_estimator {
    bool started;
    int64_t minima[DELAY_MINIMA];            /**< Lowest offset of each part of the window            */
    unsigned current;
    int64_t current_end;                     /**< When the next part begins                           */
    double histogram[DELAY_BUCKETS];         /**< Share of packets by lateness; sums to one           */
    double forget;                           /**< Weight of the past; rises to its final value        */
};

void delay_init(struct delay_estimator *d);

/** Forgets the offsets (the media time begins anew), keeps what is known about lateness. */
void delay_restart(struct delay_estimator *d);

/** One packet: `arrival` and `time` in samples. */
void delay_update(struct delay_estimator *d, int64_t arrival, int64_t time);

/** Lowest offset of the window; 0 before the first packet. */
int64_t delay_lowest_offset(const struct delay_estimator *d);

/** How much later than the lowest offset playout should be, in samples. */
int64_t delay_target(const struct delay_estimator *d);

#endif
