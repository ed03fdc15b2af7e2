/* Matches two clocks that both claim 16 kHz: a short queue read at a rate that a control loop holds within 1000 ppm of 1.
 *
 * Samples go in as one clock brings them and come out as the other asks. The loop watches how full things are over seconds and
 * turns the rate so little that nobody hears it; while both clocks agree, samples pass unchanged. One thread at a time. */
#ifndef IP270_DRIFT_H
#define IP270_DRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DRIFT_CAPACITY = 4096,              /* samples: 256 ms */
    DRIFT_TAPS = 16,
    DRIFT_PHASES = 64,
};

struct drift {
    int16_t samples[DRIFT_CAPACITY];    /* oldest first; the first DRIFT_TAPS - 1 are history */
    size_t count;
    double position;                    /* where the next output lies, in samples */
    double step;                        /* input samples per output sample */
    double mean_error;                  /* samples, smoothed */
    double integral;
};

void drift_init(struct drift *drift);

/* Appends; gives back how many fitted. */
size_t drift_put(struct drift *drift, const int16_t *samples, size_t count);
/* Makes at most `count` samples; gives back how many the queue was good for. */
size_t drift_get(struct drift *drift, int16_t *samples, size_t count);
/* Samples that drift_get could make now. */
size_t drift_ready(const struct drift *drift);
/* Throws the oldest away until only `keep` are ready. */
void drift_trim(struct drift *drift, size_t keep);

/* Tells, once per tick, by how many samples things are fuller than they should be, and turns the rate accordingly.
 * `seconds` is the time since the last call. When the mean is so far off that turning would take too long (a start, a stall),
 * gives back how many samples to drop (positive) or to add (negative) at once; else 0. */
int drift_steer(struct drift *drift, double error, double seconds);
/* Both clocks are one from now on: samples pass unchanged, and what was learned is forgotten. */
void drift_rest(struct drift *drift);
double drift_ppm(const struct drift *drift);

#endif
