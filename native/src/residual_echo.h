/* How much weaker than it was played the far end's voice leaves again through the microphone: its residual echo return loss
 * (RFC 3611, 4.7.4), measured while it talks.
 *
 * Whoever talks at the microphone meanwhile makes the echo look louder than it is. So the estimate follows what looks better quickly
 * and what looks worse slowly: it takes an echo that stays for it to fall. */
#ifndef IP270_RESIDUAL_ECHO_H
#define IP270_RESIDUAL_ECHO_H

#include <stdint.h>

struct residual_echo {
    float far, near;                    /* mean squares over about half a second: played, and sent */
    float loss_db;
    unsigned ticks;                     /* in which the far end was heard */
};

/* One tick: the mean squares of what was sent and of what was played. Zeroed memory is the first state. */
void residual_echo_update(struct residual_echo *r, float near, float far);

/* dB, 0 at least; negative while the far end has not been heard for a second. */
double residual_echo_loss(const struct residual_echo *r);

#endif
