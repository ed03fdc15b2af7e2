/* A half-band filter has zeros at every second tap, so at 2:1 one of the two phases is a plain delay and the other is a symmetric
 * filter of 24 taps. Taps: sinc(n/2) under a Kaiser window (beta 5), 47 long, scaled so that each phase sums to exactly one.
 */
#include "resample.h"

#include <string.h>

#include "sample.h"

enum { HALF = RESAMPLE_TAPS / 2 };

/* Q14, so that the loudest input cannot leave 32 bits: 2 * sum|tap| * 32768 is 1.27e9, and 2:1 adds the plain phase's 0.54e9. */
enum { TAP_BITS = 14 };
static const int16_t TAPS[RESAMPLE_TAPS] = {-27,   57,    -103, 170,  -265, 397,  -579, 838,  -1229, 1894, -3360, 10399,
                                            10399, -3360, 1894, -1229, 838, -579, 397,  -265, 170,   -103, 57,    -27};
_Static_assert(10399 + 3360 + 1894 + 1229 + 838 + 579 + 397 + 265 + 170 + 103 + 57 + 27 <= (INT32_MAX >> 15) / 2 - (1 << 13),
               "a sum of the filter and the plain phase fits 32 bits");

/* One position of the filter, in Q14. A sum of products of 16 bits is what processors have an instruction for; all taps in a row
 * keep the code small, which counts in a tick whose caches have gone cold. */
static int32_t filter(const int16_t *x)
{
    int32_t sum = 0;
    for (size_t k = 0; k < RESAMPLE_TAPS; k++) {
        sum += TAPS[k] * x[k];
    }
    return sum;
}

static void upsample_block(struct upsampler *state, const int16_t *in, size_t samples, int16_t *out)
{
    int16_t line[RESAMPLE_HISTORY + RESAMPLE_BLOCK];
    memcpy(line, state->history, sizeof state->history);
    memcpy(line + RESAMPLE_HISTORY, in, samples * sizeof *in);
    for (size_t i = 0; i < samples; i++) {
        out[2 * i] = line[i + HALF - 1];
        out[2 * i + 1] = saturate((filter(line + i) + (1 << (TAP_BITS - 1))) >> TAP_BITS);
    }
    memcpy(state->history, line + samples, sizeof state->history);
}

void upsample(struct upsampler *state, const int16_t *in, size_t samples, int16_t *out)
{
    for (size_t done = 0; done < samples; done += RESAMPLE_BLOCK) {
        size_t block = samples - done < RESAMPLE_BLOCK ? samples - done : RESAMPLE_BLOCK;
        upsample_block(state, in + done, block, out + 2 * done);
    }
}

static void downsample_block(struct downsampler *state, const int16_t *in, size_t samples, int16_t *out)
{
    int16_t even[RESAMPLE_HISTORY + RESAMPLE_BLOCK];
    int16_t odd[RESAMPLE_HISTORY + RESAMPLE_BLOCK];
    memcpy(even, state->even, sizeof state->even);
    memcpy(odd, state->odd, sizeof state->odd);
    for (size_t i = 0; i < samples; i++) {
        even[RESAMPLE_HISTORY + i] = in[2 * i];
        odd[RESAMPLE_HISTORY + i] = in[2 * i + 1];
    }
    for (size_t i = 0; i < samples; i++) {
        /* Both phases weigh one half; even sample i + 12 lies between the odd samples i + 11 and i + 12. */
        out[i] = saturate((filter(odd + i) + even[i + HALF] * (1 << TAP_BITS) + (1 << TAP_BITS)) >> (TAP_BITS + 1));
    }
    memcpy(state->even, even + samples, sizeof state->even);
    memcpy(state->odd, odd + samples, sizeof state->odd);
}

void downsample(struct downsampler *state, const int16_t *in, size_t samples, int16_t *out)
{
    for (size_t done = 0; done < samples; done += RESAMPLE_BLOCK) {
        size_t block = samples - done < RESAMPLE_BLOCK ? samples - done : RESAMPLE_BLOCK;
        downsample_block(state, in + 2 * done, block, out + done);
    }
}
