/* sample.h: 16 bit samples out of wider numbers, and noise. */
#ifndef IP270_SAMPLE_H
#define IP270_SAMPLE_H

#include <stdint.h>

/* Lanes in which sums of floats are taken: compilers may not change the order of one sum, and so make no SIMD of it. */
enum { SAMPLE_LANES = 8 };

static inline int16_t saturate(int32_t value)
{
    value = value < INT16_MIN ? INT16_MIN : value;
    return (int16_t)(value > INT16_MAX ? INT16_MAX : value);
}

/* Sum of the squares of `count` samples, a multiple of SAMPLE_LANES. */
static inline float sum_of_squares(const int16_t *samples, int count)
{
    float lanes[SAMPLE_LANES] = {0}, sum = 0;
    for (int i = 0; i < count; i += SAMPLE_LANES) {
        for (int k = 0; k < SAMPLE_LANES; k++)
            lanes[k] += (float)samples[i + k] * (float)samples[i + k];
    }
    for (int k = 0; k < SAMPLE_LANES; k++)
        sum += lanes[k];
    return sum;
}

/* Mean square of `count` samples, a multiple of SAMPLE_LANES. */
static inline float mean_square(const int16_t *samples, int count)
{
    return sum_of_squares(samples, count) / (float)count;
}

/* Numbers that are numbers: unlike fminf and fmaxf, which are calls, these are one instruction each. */
static inline float lesser(float a, float b)
{
    return a < b ? a : b;
}

static inline float greater(float a, float b)
{
    return a > b ? a : b;
}

static inline float saturate_float(float value)
{
    return lesser(greater(value, INT16_MIN), INT16_MAX);
}

/* White noise, uniform, of root mean square one. It need not be secret. */
static inline float random_white(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(int32_t)*state * (1.7320508f / 2147483648.0f);
}

#endif
