#include "match.h"

#include <string.h>

enum {
    SAMPLES_PER_MS = 16,
    CAPTURE_TARGET = MEDIA_FRAME_SAMPLES + MEDIA_FRAME_SAMPLES / 2,
    CAPTURE_MOST = 4 * MEDIA_FRAME_SAMPLES,
};

static const double TICK_S = 0.01;

void match_init(struct match *match)
{
    memset(match, 0, sizeof *match);
    drift_init(&match->drift);
}

void match_put(struct match *match, const int16_t *samples, size_t count)
{
    drift_put(&match->drift, samples, count);
}

bool match_has_frame(const struct match *match)
{
    return drift_ready(&match->drift) >= MEDIA_FRAME_SAMPLES;
}

bool match_capture(struct match *match, int16_t frame[MEDIA_FRAME_SAMPLES], bool master)
{
    struct drift *drift = &match->drift;
    drift_trim(drift, CAPTURE_MOST);
    size_t ready = drift_ready(drift);
    match->delay_ms = (double)ready / SAMPLES_PER_MS;
    if (master) {
        drift_rest(drift);
    } else if (ready >= MEDIA_FRAME_SAMPLES) {
        int jump = drift_steer(drift, (double)ready - CAPTURE_TARGET, TICK_S);
        if (jump > 0)
            drift_trim(drift, ready - (size_t)jump);
    }
    if (drift_ready(drift) < MEDIA_FRAME_SAMPLES)
        return false;
    drift_get(drift, frame, MEDIA_FRAME_SAMPLES);
    return true;
}

size_t match_play(struct match *match, const int16_t frame[MEDIA_FRAME_SAMPLES], int16_t out[MATCH_CHUNK])
{
    unsigned skip = match->skip < MEDIA_FRAME_SAMPLES ? match->skip : MEDIA_FRAME_SAMPLES;
    match->skip -= skip;
    drift_put(&match->drift, frame + skip, MEDIA_FRAME_SAMPLES - skip);
    return drift_get(&match->drift, out, MATCH_CHUNK);
}

/* A jump drops what comes next, or queues silence before it. */
void match_steer(struct match *match, double waiting, double target)
{
    static const int16_t silence[DRIFT_CAPACITY];
    match->delay_ms = waiting / SAMPLES_PER_MS;
    if (match->skip != 0)
        return;
    int jump = drift_steer(&match->drift, waiting - target, TICK_S);
    if (jump > 0)
        match->skip = (unsigned)jump;
    else if (jump < 0)
        drift_put(&match->drift, silence, (size_t)-jump);
}
