/* Window, match length and fades were chosen by PESQ over recorded speech in 20 ms packets; native/tests/bench_path.c plays it, and
 * `ci/bench loss` says what playout.c makes of it from both sides of a gap.
 */
#include "conceal.h"

#include <math.h>
#include <string.h>

#include "prediction.h"
#include "sample.h"

enum {
    ORDER = CONCEAL_ORDER,
    WINDOW = 320,                         /* 20 ms: what the tract is learnt from                                     */
    WINDOW_FALL = 40,
    MATCH = 80,                           /* 5 ms are compared to find the period: what comes next resembles the end  */
    SOLID = 320,                          /* the first 20 ms are not faded,                                           */
    FADE = 1280,                          /* the next 80 ms down to nothing                                           */
};

static const float PI = 3.14159265f;
static const float VOICED = 0.8f, UNVOICED = 0.3f;          /* likeness of neighbouring periods                       */
static const float NOISE_MAX = 0.5f;                        /* share of noise in an unvoiced source                   */
static const float FLOOR = 1.0001f;                         /* noise at -40 dB keeps the prediction stable            */
static const float BANDWIDTH_HZ = 40.0f;                    /* widens the tract's resonances, for the same reason     */

/* Rises slowly and falls fast: the newest sounds count most. */
static float window(int i)
{
    int rise = WINDOW - WINDOW_FALL;
    return i < rise ? 0.5f - 0.5f * cosf(PI * (float)i / (float)rise) : cosf(0.5f * PI * (float)(i - rise) / WINDOW_FALL);
}

static void autocorrelate(const int16_t *end, float r[ORDER + 1])
{
    float x[ORDER + WINDOW] = {0};
    for (int i = 0; i < WINDOW; i++) {
        x[ORDER + i] = window(i) * (float)end[i - WINDOW];
    }
    memset(r, 0, (ORDER + 1) * sizeof *r);
    for (int i = ORDER; i < ORDER + WINDOW; i++) {
        for (int k = 0; k <= ORDER; k++) {
            r[k] += x[i] * x[i - k];
        }
    }
    for (int k = 1; k <= ORDER; k++) {
        float turn = 2.0f * PI * BANDWIDTH_HZ * (float)k / 16000.0f;
        r[k] *= expf(-0.5f * turn * turn);
    }
    r[0] = r[0] * FLOOR + 1.0f;
}

static int32_t dot(const int16_t *a, const int16_t *b)
{
    int32_t sum = 0;
    for (int i = 0; i < MATCH; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* The period after which the signal before its end resembles its end most, and how much, 0 to 1. */
static size_t find_pitch(const int16_t *past, float *likeness)
{
    int16_t quiet[CONCEAL_HISTORY];      /* at an eighth, so that 80 squares fit into 32 bits */
    const int16_t *end = quiet + CONCEAL_HISTORY - MATCH;
    size_t pitch = CONCEAL_PITCH_MIN;
    for (size_t i = 0; i < CONCEAL_HISTORY; i++) {
        quiet[i] = (int16_t)(past[i] / 8);
    }
    float own = (float)dot(end, end) + 1.0f;
    *likeness = 0.0f;
    for (size_t lag = CONCEAL_PITCH_MIN; lag <= CONCEAL_PITCH_MAX; lag++) {
        float both = (float)dot(end, end - lag);
        float other = (float)dot(end - lag, end - lag) + 1.0f;
        float alike = both > 0.0f ? both / sqrtf(own * other) : 0.0f;
        if (alike > *likeness) {
            *likeness = alike;
            pitch = lag;
        }
    }
    return pitch;
}

/* The last period of the residual, and its level. */
static void learn_source(struct conceal *c, const int16_t *end)
{
    float energy = 0.0f;
    for (size_t i = 0; i < c->pitch; i++) {
        const int16_t *x = end - c->pitch + i;
        float residual = x[0];
        for (int k = 0; k < ORDER; k++) {
            residual -= c->predictor[k] * (float)x[-1 - k];
        }
        c->source[i] = residual;
        energy += residual * residual;
    }
    c->level = sqrtf(energy / (float)c->pitch);
}

void conceal_begin(struct conceal *c, const int16_t *past)
{
    const int16_t *end = past + CONCEAL_HISTORY;
    float r[ORDER + 1], likeness;
    memset(c, 0, sizeof *c);
    autocorrelate(end, r);
    prediction_solve(r, ORDER, c->predictor, NULL);
    c->pitch = find_pitch(past, &likeness);
    learn_source(c, end);
    float unlike = fminf(fmaxf((VOICED - likeness) / (VOICED - UNVOICED), 0.0f), 1.0f);
    c->noise = NOISE_MAX * unlike;
    for (int i = 0; i < ORDER; i++) {
        c->memory[i] = end[i - ORDER];
    }
}

static float gain(size_t generated)
{
    if (generated < SOLID) {
        return 1.0f;
    }
    return generated < SOLID + FADE ? 1.0f - (float)(generated - SOLID) / FADE : 0.0f;
}

static float next_sample(struct conceal *c)
{
    float sample = (1.0f - c->noise) * c->source[c->position] + c->noise * c->level * random_white(&c->random);
    c->position = (c->position + 1) % c->pitch;
    for (int k = 0; k < ORDER; k++) {
        sample += c->predictor[k] * c->memory[ORDER - 1 - k];
    }
    memmove(c->memory, c->memory + 1, (ORDER - 1) * sizeof *c->memory);
    c->memory[ORDER - 1] = sample;
    return sample;
}

void conceal_generate(struct conceal *c, int16_t *out, size_t samples)
{
    if (c->generated == SOLID + FADE) {
        memset(out, 0, samples * sizeof *out);
        return;
    }
    for (size_t i = 0; i < samples; i++) {
        float sample = next_sample(c) * gain(c->generated);
        c->generated += c->generated < SOLID + FADE;
        out[i] = (int16_t)saturate_float(sample);
    }
}
