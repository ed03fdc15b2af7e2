#include "limiter.h"

#include <math.h>
#include <string.h>

#include "sample.h"

static const float FULL_SCALE = 32768;
static const float POWER_STEP = 0.005f;         /* of a tick: a time constant of 2 s */
static const float CAP_STEP = 0.05f;            /* of a tick: 200 ms */
static const float NEARLY_ONE = 0.999f;         /* what is nearer is 1 */
static const float RECOVERY = 0.00125f;         /* of a sample: 50 ms */

void limiter_init(struct limiter *limiter, float peak, float mean)
{
    float most = floorf(lesser(peak * FULL_SCALE, INT16_MAX));
    *limiter = (struct limiter){
        .peak = most,
        .mean_square = mean * mean * FULL_SCALE * FULL_SCALE,
        .cap = 1,
        .request = 1,
        .resting = true,
    };
    for (int i = 0; i < LIMITER_AHEAD; i++)
        limiter->wanted[i] = limiter->requests[i] = 1;
}

/* The gain that keeps the mean level of what is heard, moving slowly towards what the last seconds ask for. */
static float next_cap(struct limiter *limiter, float power)
{
    float target = 1;
    limiter->power += POWER_STEP * (power - limiter->power);
    if (limiter->power > limiter->mean_square)
        target = sqrtf(limiter->mean_square / limiter->power);
    float cap = limiter->cap + CAP_STEP * (target - limiter->cap);
    return target == 1 && cap > NEARLY_ONE ? 1 : cap;
}

static void apply_cap(struct limiter *limiter, int16_t *frame)
{
    float next = next_cap(limiter, mean_square(frame, MEDIA_FRAME_SAMPLES)), step = (next - limiter->cap) / MEDIA_FRAME_SAMPLES;
    if (limiter->cap != 1 || next != 1) {
        for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++)
            frame[i] = (int16_t)((float)frame[i] * (limiter->cap + step * (float)(i + 1)));
    }
    limiter->cap = next;
}

static float largest(const int16_t *frame)
{
    int16_t lowest = 0, highest = 0;
    for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++) {
        lowest = frame[i] < lowest ? frame[i] : lowest;
        highest = frame[i] > highest ? frame[i] : highest;
    }
    return greater(-(float)lowest, (float)highest);
}

static int16_t rounded(const struct limiter *limiter, float sample)
{
    return (int16_t)lrintf(lesser(greater(sample, -limiter->peak), limiter->peak));
}

/* The gain of a sample is the mean of the last 16 requests, each of which is the least gain that any of 17 samples asked for: all 16
 * have seen a peak by the time it comes out, so the mean is no more than the peak asked for. */
static void limit(struct limiter *limiter, const float *in, int16_t *out)
{
    enum { SPAN = LIMITER_AHEAD + MEDIA_FRAME_SAMPLES };
    float samples[SPAN], wanted[SPAN], requests[SPAN];
    memcpy(samples, limiter->ahead, sizeof limiter->ahead);
    memcpy(samples + LIMITER_AHEAD, in, MEDIA_FRAME_SAMPLES * sizeof *in);
    memcpy(wanted, limiter->wanted, sizeof limiter->wanted);
    memcpy(requests, limiter->requests, sizeof limiter->requests);
    for (int i = LIMITER_AHEAD; i < SPAN; i++)
        wanted[i] = lesser(1, limiter->peak / greater(fabsf(samples[i]), 1));
    bool resting = true;
    for (int i = LIMITER_AHEAD; i < SPAN; i++) {
        float least = 1, sum = 0;
        for (int k = 0; k <= LIMITER_AHEAD; k++)
            least = lesser(least, wanted[i - k]);
        limiter->request += RECOVERY * (1 - limiter->request);
        limiter->request = requests[i] = lesser(least, limiter->request > NEARLY_ONE ? 1 : limiter->request);
        for (int k = 0; k < LIMITER_AHEAD; k++)
            sum += requests[i - k];
        out[i - LIMITER_AHEAD] = rounded(limiter, samples[i - LIMITER_AHEAD] * sum / LIMITER_AHEAD);
    }
    memcpy(limiter->ahead, samples + MEDIA_FRAME_SAMPLES, sizeof limiter->ahead);
    memcpy(limiter->wanted, wanted + MEDIA_FRAME_SAMPLES, sizeof limiter->wanted);
    memcpy(limiter->requests, requests + MEDIA_FRAME_SAMPLES, sizeof limiter->requests);
    for (int i = 0; i < LIMITER_AHEAD; i++)
        resting = resting && limiter->wanted[i] == 1 && limiter->requests[i] == 1;
    limiter->resting = resting;
}

static void delay(struct limiter *limiter, const float *in, int16_t *out)
{
    for (int i = 0; i < LIMITER_AHEAD; i++)
        out[i] = rounded(limiter, limiter->ahead[i]);
    for (int i = LIMITER_AHEAD; i < MEDIA_FRAME_SAMPLES; i++)
        out[i] = rounded(limiter, in[i - LIMITER_AHEAD]);
    memcpy(limiter->ahead, in + MEDIA_FRAME_SAMPLES - LIMITER_AHEAD, sizeof limiter->ahead);
}

/* `loud`: some of `in` is above the peak. */
static void run(struct limiter *limiter, const float *in, bool loud, int16_t *out)
{
    if (limiter->resting && !loud)
        delay(limiter, in, out);
    else
        limit(limiter, in, out);
    if (limiter->mean_square > 0)
        apply_cap(limiter, out);
}

void limiter_run(struct limiter *limiter, int16_t frame[MEDIA_FRAME_SAMPLES], float gain)
{
    float x[MEDIA_FRAME_SAMPLES];
    for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++)
        x[i] = (float)frame[i] * gain;
    run(limiter, x, largest(frame) * fabsf(gain) > limiter->peak, frame);
}

void limiter_run_sum(struct limiter *limiter, const int32_t sum[MEDIA_FRAME_SAMPLES], int16_t frame[MEDIA_FRAME_SAMPLES])
{
    float x[MEDIA_FRAME_SAMPLES];
    int32_t lowest = 0, highest = 0;
    for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++) {
        lowest = sum[i] < lowest ? sum[i] : lowest;
        highest = sum[i] > highest ? sum[i] : highest;
        x[i] = (float)sum[i];
    }
    run(limiter, x, greater(-(float)lowest, (float)highest) > limiter->peak, frame);
}

void limiter_hold(struct limiter *limiter, int16_t sample)
{
    for (int i = 0; i < LIMITER_AHEAD; i++)
        limiter->ahead[i] = sample;
}

void limiter_run_silence(struct limiter *limiter)
{
    if (limiter->mean_square > 0)
        limiter->cap = next_cap(limiter, 0);
}
