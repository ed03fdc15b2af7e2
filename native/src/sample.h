/* sample.h: 16 bit samples out of wider numbers, and noise. */
#ifndef IP270_SAMPLE_H
#define IP270_SAMPLE_H

#include <math.h>
#include <stdint.h>

static inline int16_t saturate(int32_t value)
{
    value = value < INT16_MIN ? INT16_MIN : value;
    return (int16_t)(value > INT16_MAX ? INT16_MAX : value);
}

/* Mean square of `count` samples. */
static inline float mean_square(const int16_t *samples, int count)
{
    float sum = 0;
    for (int i = 0; i < count; i++)
        sum += (float)samples[i] * (float)samples[i];
    return sum / (float)count;
}

static inline float saturate_float(float value)
{
    return fminf(fmaxf(value, INT16_MIN), INT16_MAX);
}

/* White noise, uniform, of root mean square one. It need not be secret. */
static inline float random_white(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(int32_t)*state * (1.7320508f / 2147483648.0f);
}

#endif
