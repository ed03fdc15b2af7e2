#include "comfort_noise.h"

#include <math.h>
#include <string.h>

#include "prediction.h"
#include "sample.h"

enum {
    ORDER = COMFORT_NOISE_ORDER,
    NARROW_MAX = 480,                                /* 60 ms at 8 kHz                                        */
    ZERO = 127,                                      /* the byte that stands for a coefficient of 0           */
    RESERVED = 255,
    QUIETEST = 127,                                  /* -dBov                                                 */
};

static const float STEP = 258.0f / 32768.0f;         /* RFC 3389, 3.2: from one byte to the next              */
static const float FULL_SCALE = 32768.0f;

void comfort_noise_take(struct comfort_noise *noise, const uint8_t *payload, size_t size)
{
    float reflection[ORDER] = {0}, gain = 1.0f;
    size_t order = size - 1 < ORDER ? size - 1 : ORDER;
    for (size_t i = 0; i < order; i++) {
        int byte = payload[1 + i] == RESERVED ? ZERO : payload[1 + i];
        reflection[i] = STEP * (float)(byte - ZERO);
        gain *= 1.0f - reflection[i] * reflection[i];
    }
    prediction_from_reflection(reflection, ORDER, noise->predictor);
    /* White noise of this level comes out of the filter at the level that was asked for. */
    noise->level = FULL_SCALE * powf(10.0f, -(float)(payload[0] & QUIETEST) / 20.0f) * sqrtf(gain);
}

static float next_sample(struct comfort_noise *noise)
{
    float sample = noise->level * random_white(&noise->random);
    for (int i = 0; i < ORDER; i++)
        sample += noise->predictor[i] * noise->memory[i];
    memmove(noise->memory + 1, noise->memory, (ORDER - 1) * sizeof *noise->memory);
    noise->memory[0] = sample;
    return sample;
}

void comfort_noise_generate(struct comfort_noise *noise, int16_t out[CODEC_FRAME_SAMPLES])
{
    int16_t narrow[RESAMPLE_BLOCK];
    for (int i = 0; i < RESAMPLE_BLOCK; i++)
        narrow[i] = (int16_t)saturate_float(next_sample(noise));
    upsample(&noise->upsampler, narrow, RESAMPLE_BLOCK, out);
}

static void autocorrelate(const int16_t *x, size_t samples, float r[ORDER + 1])
{
    for (size_t lag = 0; lag <= ORDER; lag++) {
        r[lag] = 0.0f;
        for (size_t i = lag; i < samples; i++)
            r[lag] += (float)x[i] * (float)x[i - lag];
    }
}

void comfort_noise_describe(const int16_t *in, size_t samples, uint8_t payload[COMFORT_NOISE_PAYLOAD_MAX])
{
    struct downsampler downsampler = {{0}, {0}};
    int16_t narrow[NARROW_MAX];
    float r[ORDER + 1], predictor[ORDER], reflection[ORDER];
    for (size_t done = 0; done < samples / 2; done += RESAMPLE_BLOCK)
        downsample(&downsampler, in + 2 * done, RESAMPLE_BLOCK, narrow + done);
    autocorrelate(narrow, samples / 2, r);
    float power = r[0] / (float)(samples / 2) / (FULL_SCALE * FULL_SCALE);
    long level = power > 0.0f ? lrintf(-10.0f * log10f(power)) : QUIETEST;
    payload[0] = (uint8_t)(level < 0 ? 0 : level > QUIETEST ? QUIETEST : level);
    r[0] = r[0] * 1.001f + 1.0f;
    prediction_solve(r, ORDER, predictor, reflection);
    for (int i = 0; i < ORDER; i++) {
        long byte = ZERO + lrintf(reflection[i] / STEP);
        payload[1 + i] = (uint8_t)(byte < 0 ? 0 : byte > RESERVED - 1 ? RESERVED - 1 : byte);
    }
}
