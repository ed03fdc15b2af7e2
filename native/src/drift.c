#include "drift.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "sample.h"

enum { SAMPLE_RATE = 16000 };

/* The loop: an error settles in about ten seconds, the clocks' lasting difference is learned in about a minute. */
static const double SMOOTHING_S = 2.0;
static const double SETTLING_S = 10.0;
static const double LEARNING_S = 40.0;
static const double RATE_LIMIT = 1e-3;
/* Only an error this small teaches us about the clocks; a larger one is the remains of a start or a stall. */
static const double LEARNING_LIMIT = 80;
/* Beyond this the loop would need half a minute: better one jump than that. */
static const double JUMP_LIMIT = 240;
/* Below this the rate is exactly 1, and samples are copied instead of interpolated. */
static const double RATE_DEAD_ZONE = 5e-6;

static float kernel[DRIFT_PHASES + 1][DRIFT_TAPS];
static pthread_once_t kernel_made = PTHREAD_ONCE_INIT;

/* A sinc under a Blackman window, one row per fraction of a sample; each row sums to 1. */
static void make_kernel(void)
{
    for (int phase = 0; phase <= DRIFT_PHASES; phase++) {
        double sum = 0;
        for (int tap = 0; tap < DRIFT_TAPS; tap++) {
            double x = tap - (DRIFT_TAPS / 2 - 1) - (double)phase / DRIFT_PHASES;
            double angle = M_PI * (x / (DRIFT_TAPS / 2.0));
            double window = fabs(x) >= DRIFT_TAPS / 2.0 ? 0 : 0.42 + 0.5 * cos(angle) + 0.08 * cos(2 * angle);
            double value = window * (x == 0 ? 1 : sin(M_PI * x) / (M_PI * x));
            kernel[phase][tap] = (float)value;
            sum += value;
        }
        for (int tap = 0; tap < DRIFT_TAPS; tap++)
            kernel[phase][tap] = (float)(kernel[phase][tap] / sum);
    }
}

void drift_init(struct drift *drift)
{
    pthread_once(&kernel_made, make_kernel);
    memset(drift, 0, sizeof *drift);
    drift->count = DRIFT_TAPS - 1;
    drift->step = 1;
}

/* Everything before the window of the next output is spent. */
static void discard_spent(struct drift *drift)
{
    size_t spent = (size_t)drift->position;
    if (spent > drift->count)
        spent = drift->count;
    memmove(drift->samples, drift->samples + spent, (drift->count - spent) * sizeof *drift->samples);
    drift->count -= spent;
    drift->position -= (double)spent;
}

size_t drift_put(struct drift *drift, const int16_t *samples, size_t count)
{
    size_t room = DRIFT_CAPACITY - drift->count;
    if (count > room)
        count = room;
    memcpy(drift->samples + drift->count, samples, count * sizeof *samples);
    drift->count += count;
    return count;
}

size_t drift_ready(const struct drift *drift)
{
    double left = (double)drift->count - (DRIFT_TAPS - 1) - drift->position;
    return left <= 0 ? 0 : (size_t)ceil(left / drift->step);
}

static int16_t interpolate(const struct drift *drift)
{
    size_t at = (size_t)drift->position;
    double fraction = (drift->position - (double)at) * DRIFT_PHASES;
    int phase = (int)fraction;
    float between = (float)(fraction - phase);
    const int16_t *samples = drift->samples + at;
    float low = 0, high = 0;
    for (int tap = 0; tap < DRIFT_TAPS; tap++) {
        low += kernel[phase][tap] * (float)samples[tap];
        high += kernel[phase + 1][tap] * (float)samples[tap];
    }
    float sample = low + (high - low) * between;
    return (int16_t)lrintf(saturate_float(sample));
}

size_t drift_get(struct drift *drift, int16_t *samples, size_t count)
{
    size_t ready = drift_ready(drift);
    if (count > ready)
        count = ready;
    if (drift->step == 1 && drift->position == floor(drift->position)) {
        size_t at = (size_t)drift->position + DRIFT_TAPS / 2 - 1;
        memcpy(samples, drift->samples + at, count * sizeof *samples);
        drift->position += (double)count;
    } else {
        for (size_t i = 0; i < count; i++) {
            samples[i] = interpolate(drift);
            drift->position += drift->step;
        }
    }
    discard_spent(drift);
    return count;
}

void drift_trim(struct drift *drift, size_t keep)
{
    size_t ready = drift_ready(drift);
    if (ready <= keep)
        return;
    drift->position = floor(drift->position) + (double)(ready - keep);
    discard_spent(drift);
}

int drift_steer(struct drift *drift, double error, double seconds)
{
    drift->mean_error += (error - drift->mean_error) * seconds / SMOOTHING_S;
    double proportional = drift->mean_error / (SAMPLE_RATE * SETTLING_S);
    if (fabs(drift->mean_error) < LEARNING_LIMIT)
        drift->integral = fmin(fmax(drift->integral + proportional * seconds / LEARNING_S, -RATE_LIMIT), RATE_LIMIT);
    double rate = fmin(fmax(proportional + drift->integral, -RATE_LIMIT), RATE_LIMIT);
    bool agree = fabs(rate) < RATE_DEAD_ZONE;
    if (agree && drift->step != 1)
        drift->position = floor(drift->position);
    drift->step = agree ? 1 : 1 + rate;
    if (fabs(drift->mean_error) < JUMP_LIMIT)
        return 0;
    int jump = (int)lrint(drift->mean_error);
    drift->mean_error = 0;
    return jump;
}

void drift_rest(struct drift *drift)
{
    if (drift->step != 1)
        drift->position = floor(drift->position);
    drift->step = 1;
    drift->mean_error = 0;
    drift->integral = 0;
}

double drift_ppm(const struct drift *drift)
{
    return (drift->step - 1) * 1e6;
}
