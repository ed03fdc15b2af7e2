#include "prediction.h"

#include <stddef.h>
#include <string.h>

/* A model of order `i` becomes one of order i + 1. */
static void step_up(float *predictor, int i, float weight)
{
    float before[PREDICTION_ORDER_MAX];
    memcpy(before, predictor, (size_t)i * sizeof *before);
    for (int j = 0; j < i; j++)
        predictor[j] = before[j] - weight * before[i - 1 - j];
    predictor[i] = weight;
}

void prediction_solve(const float *r, int order, float *predictor, float *reflection)
{
    float error = r[0];
    for (int i = 0; i < order; i++) {
        float weight = r[i + 1];
        for (int j = 0; j < i; j++)
            weight -= predictor[j] * r[i - j];
        weight = error > 0.0f ? weight / error : 0.0f;
        step_up(predictor, i, weight);
        if (reflection != NULL)
            reflection[i] = -weight;
        error *= 1.0f - weight * weight;
    }
}

void prediction_from_reflection(const float *reflection, int order, float *predictor)
{
    for (int i = 0; i < order; i++)
        step_up(predictor, i, -reflection[i]);
}
