#include "stretch.h"

#include <string.h>

static const double ALIKE = 0.8, SILENCE_POWER = 400.0;    /* normalised correlation; mean square, about -64 dBov */

static double power(const int16_t *x)
{
    double sum = 0.0;
    for (size_t i = 0; i < STRETCH_FADE; i++) {
        sum += (double)x[i] * x[i];
    }
    return sum / STRETCH_FADE;
}

static double product(const int16_t *a, const int16_t *b)
{
    int64_t sum = 0;
    for (size_t i = 0; i < STRETCH_FADE; i++) {
        sum += (int32_t)a[i] * b[i];
    }
    return (double)sum / STRETCH_FADE;
}

/* The lag at which x and x + lag * direction resemble each other most; 0 when they don't at any. */
static size_t find_lag(const int16_t *x, ptrdiff_t direction, size_t longest)
{
    double own = power(x), best = ALIKE * ALIKE;
    size_t found = own < SILENCE_POWER ? longest : 0;
    for (size_t lag = STRETCH_LAG_MIN; lag <= longest && own >= SILENCE_POWER; lag++) {
        const int16_t *other = x + (ptrdiff_t)lag * direction;
        double both = product(x, other);
        double likeness = both > 0 ? both * both / (own * (power(other) + 1.0)) : 0.0;
        if (likeness > best) {
            best = likeness;
            found = lag;
        }
    }
    return found;
}

/* Goes from x to y within STRETCH_FADE samples, into x. */
static void cross_fade(int16_t *x, const int16_t *y)
{
    for (int32_t i = 0; i < STRETCH_FADE; i++) {
        x[i] = (int16_t)((x[i] * (STRETCH_FADE - i) + y[i] * i) / STRETCH_FADE);
    }
}

static size_t smallest(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t stretch_shorten(int16_t *samples, size_t length, size_t most)
{
    if (length < STRETCH_FADE + STRETCH_LAG_MIN || most < STRETCH_LAG_MIN) {
        return 0;
    }
    size_t longest = smallest(smallest(most, STRETCH_LAG_MAX), length - STRETCH_FADE);
    size_t lag = find_lag(samples, 1, longest);
    if (lag > 0) {
        cross_fade(samples, samples + lag);
        memmove(samples + STRETCH_FADE, samples + STRETCH_FADE + lag, (length - STRETCH_FADE - lag) * sizeof *samples);
    }
    return lag;
}

size_t stretch_lengthen(int16_t *samples, size_t length, size_t most)
{
    if (length < STRETCH_FADE || most < STRETCH_LAG_MIN) {
        return 0;
    }
    size_t lag = find_lag(samples, -1, smallest(most, STRETCH_LAG_MAX));
    if (lag > 0) {
        int16_t again[STRETCH_LAG_MAX + STRETCH_FADE];
        memcpy(again, samples - lag, (lag + STRETCH_FADE) * sizeof *samples);
        memmove(samples + STRETCH_FADE + lag, samples + STRETCH_FADE, (length - STRETCH_FADE) * sizeof *samples);
        cross_fade(samples, again);
        memcpy(samples + STRETCH_FADE, again + STRETCH_FADE, lag * sizeof *samples);
    }
    return lag;
}
