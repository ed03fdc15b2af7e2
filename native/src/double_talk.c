#include "double_talk.h"

#include <math.h>

enum { HOLD_TICKS = 50 };

/* Found on recorded speech in synthetic rooms with a reverberation time of 0.12 to 0.4 s (tests/bench/echo.py). */
static const float PEAK_DECAY = 0.97f;
static const float SMOOTHING = 0.3f;
static const float LEARNING = 0.04f;
static const float LEARNED_MOST_DB = 15;
static const float ECHO_ALONE_DB = -38;         /* what the suppressor leaves of an echo, at most */
static const float REMOVED_LEAST_DB = 2;         /* speech is not asked to lie above a filter that does less */
static const float SPEECH_LEAST = 1000;         /* mean squares: -60 dBov, */
static const float ECHO_LEAST = 300;            /* and -65 dBov */

static float decibels(float over, float under)
{
    return 10 * log10f((over + 1) / (under + 1));
}

bool double_talk_update(struct double_talk *s, float microphone, float suppressed, float linear)
{
    s->microphone_peak = fmaxf(microphone, s->microphone_peak * PEAK_DECAY);
    s->microphone += SMOOTHING * (microphone - s->microphone);
    s->linear += SMOOTHING * (linear - s->linear);
    bool left_over = decibels(suppressed, s->microphone_peak) > ECHO_ALONE_DB;
    if (!left_over && microphone > ECHO_LEAST) {
        float removed = fminf(decibels(microphone, linear), LEARNED_MOST_DB);
        s->learned_db += LEARNING * (removed - s->learned_db);
    }
    bool more_than_echo = decibels(s->microphone, s->linear) < fmaxf(s->learned_db, REMOVED_LEAST_DB);
    if (left_over && suppressed > SPEECH_LEAST && more_than_echo)
        s->hold = HOLD_TICKS;
    else if (s->hold > 0)
        s->hold--;
    return s->hold > 0;
}
