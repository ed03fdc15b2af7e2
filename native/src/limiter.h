/* Keeps an ear from harm: no sample above a peak, and no more than a mean level for longer than a few seconds (acoustic shock and
 * noise dose, ITU-T P.360 and ETSI TR 101 800; the levels are the digital ones, what they mean in dB(A) depends on the earpiece).
 * And keeps a sum of several voices within 16 bits.
 *
 * The peak is kept by looking ahead: the gain begins to fall a millisecond before the peak comes out, so nothing is clipped. What
 * stays below both comes out as it went in, 16 samples later. */
#ifndef IP270_LIMITER_H
#define IP270_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#include "ip270_media.h"

enum { LIMITER_AHEAD = 16 };

struct limiter {
    float peak;                         /* of a sample; 0: no limiter */
    float mean_square;                  /* over about two seconds; 0: no such cap */
    float power;                        /* what it would be */
    float cap;                          /* gain by which it is kept */
    float request;                      /* gain that peaks ask for, recovering */
    float ahead[LIMITER_AHEAD];         /* samples still to come out */
    float wanted[LIMITER_AHEAD];        /* gain each of the last samples asked for, oldest first */
    float requests[LIMITER_AHEAD];      /* the same after recovery, whose mean is the gain */
    bool resting;                       /* all of the last is 1 */
};

/* `peak` and `mean` are full scale's share, above 0 and at most 1; `mean` 0: none. What was heard before is forgotten. */
void limiter_init(struct limiter *limiter, float peak, float mean);

/* Media thread: frame *= gain, limited, 16 samples later. */
void limiter_run(struct limiter *limiter, int16_t frame[MEDIA_FRAME_SAMPLES], float gain);

/* Media thread: the same for samples that may be too large for 16 bits, with a gain of 1. */
void limiter_run_sum(struct limiter *limiter, const int32_t sum[MEDIA_FRAME_SAMPLES], int16_t frame[MEDIA_FRAME_SAMPLES]);

/* Media thread: what comes out of one that was just made begins with this sample, not with silence. */
void limiter_hold(struct limiter *limiter, int16_t sample);

/* The same as limiter_run for a frame of noughts, where it rests and the frame before was of noughts too. */
void limiter_run_silence(struct limiter *limiter);

#endif
