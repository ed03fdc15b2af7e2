/* What is left of an echo is measured while the far end talks, and the near end's own voice disturbs that little. */
#include "check.h"
#include "residual_echo.h"

enum { LOUD = 1000000 };

static double after(struct residual_echo *r, int ticks, float near, float far)
{
    for (int i = 0; i < ticks; i++)
        residual_echo_update(r, near, far);
    return residual_echo_loss(r);
}

int main(void)
{
    struct residual_echo r = {0};
    CHECK(after(&r, 1000, LOUD, 100) < 0);                  /* a far end that says nothing */
    r = (struct residual_echo){0};
    CHECK(after(&r, 50, LOUD / 100, LOUD) < 0);             /* not long enough */
    double loss = after(&r, 300, LOUD / 100, LOUD);
    CHECK(loss > 18.0 && loss < 21.0);
    CHECK(after(&r, 100, LOUD, LOUD) > 14.0);               /* a second of our own voice */
    CHECK(after(&r, 3000, LOUD, LOUD) < 1.0);               /* half a minute of it is an echo */
    CHECK(after(&r, 1000, LOUD * 4, LOUD) >= 0.0);
    return 0;
}
