#include "conceal.h"

#include <math.h>
#include <string.h>

enum { WINDOW = 320 };

static size_t find_pitch(const int16_t *end)
{
    double best = -1.0;
    size_t lag = CONCEAL_PITCH_MIN;
    for (size_t l = CONCEAL_PITCH_MIN; l <= CONCEAL_PITCH_MAX; l++) {
        double dot = 0, energy = 1;
        for (size_t i = 0; i < WINDOW; i += 2) {
            double a = end[-(ptrdiff_t)i - 1], b = end[-(ptrdiff_t)i - 1 - (ptrdiff_t)l];
            dot += a * b;
            energy += b * b;
        }
        double score = dot > 0 ? dot * dot / energy : 0;
        if (score > best) {
            best = score;
            lag = l;
        }
    }
    return lag;
}

void conceal_begin(struct conceal *c, const int16_t *past)
{
    memcpy(c->past, past, sizeof c->past);
    c->pitch = find_pitch(past + CONCEAL_HISTORY);
    c->generated = 0;
    c->position = 0;
}

void conceal_generate(struct conceal *c, int16_t *out, size_t samples)
{
    for (size_t i = 0; i < samples; i++) {
        size_t at = CONCEAL_HISTORY - c->pitch + c->position;
        double v = c->past[at];
        size_t over = c->pitch / 4;
        if (c->position >= c->pitch - over) {
            double w = (double)(c->position - (c->pitch - over)) / (double)over;
            v = v * (1 - w) + w * c->past[at - c->pitch];
        }
        c->position = (c->position + 1) % c->pitch;
        double gain = 1.0 - ((double)c->generated - 160.0) / 800.0;
        gain = gain > 1 ? 1 : gain < 0 ? 0 : gain;
        out[i] = (int16_t)(v * gain);
        c->generated++;
    }
}
