#include "residual_echo.h"

#include <math.h>

enum { TICKS_LEAST = 100 };

static const float SMOOTHING = 0.02f;
static const float HEARD_LEAST = 100000;        /* mean square: -40 dBov */
static const float RISE = 0.05f, FALL = 0.002f;

void residual_echo_update(struct residual_echo *r, float near, float far)
{
    r->near += SMOOTHING * (near - r->near);
    r->far += SMOOTHING * (far - r->far);
    if (r->far < HEARD_LEAST)
        return;
    float loss = 10 * log10f((r->far + 1) / (r->near + 1));
    float share = loss > r->loss_db ? RISE : FALL;
    r->loss_db += share * (loss - r->loss_db);
    if (r->ticks < TICKS_LEAST)
        r->ticks++;
}

double residual_echo_loss(const struct residual_echo *r)
{
    return r->ticks < TICKS_LEAST ? -1 : fmaxf(r->loss_db, 0);
}
