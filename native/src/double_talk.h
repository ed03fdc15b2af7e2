/* Tells speech at the microphone from mere echo, by comparing what two echo controls leave of the same frame.
 *
 * The suppressing one (webrtc) takes an echo away almost wholly, but most of the speech above it too. The linear one (speexdsp)
 * takes away less and spares the speech. So while the far end talks alone the first is wanted, and while both talk the second.
 * Speech is what the first leaves where the second removes less than it has learned to remove from an echo alone. */
#ifndef IP270_DOUBLE_TALK_H
#define IP270_DOUBLE_TALK_H

#include <stdbool.h>

struct double_talk {
    float microphone_peak;              /* mean square, falling by about 13 dB in 100 ms */
    float microphone, linear;           /* mean squares over about 30 ms */
    float learned_db;                   /* what the linear filter takes from an echo alone */
    unsigned hold;                      /* ticks for which speech is still believed */
};

/* One tick. The mean squares are those of one frame: as the microphone heard it, as the suppressor left it, and as the linear filter
 * left it. Returns whether the linear filter's result is the better one. Zeroed memory is the first state. */
bool double_talk_update(struct double_talk *state, float microphone, float suppressed, float linear);

#endif
