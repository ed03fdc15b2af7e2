/* What lies between a sound card and the tick: a queue for each direction that lets the card's clock be its own, anything within
 * 1000 ppm of the tick's.
 *
 *   capture:   card --put, as its clock brings them--> queue --whole frames--> tick
 *   playback:  tick --whole frames--> queue --as many samples as the card's clock plays--> card
 *
 * The card whose capture paces the tick is its master: their clocks are one, and its samples pass unchanged. One thread at a time. */
#ifndef IP270_MATCH_H
#define IP270_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drift.h"
#include "ip270_media.h"

enum {
    MATCH_CHUNK = 4 * MEDIA_FRAME_SAMPLES,      /* the most that one frame to be played ever becomes */
};

struct match {
    struct drift drift;
    unsigned skip;                      /* playback: samples of the tick's to leave out, after a jump */
    double delay_ms;                    /* what waited at the last tick: capture, in the queue; playback, in the card */
};

void match_init(struct match *match);

/* Capture: takes in what the card recorded; what doesn't fit is dropped. */
void match_put(struct match *match, const int16_t *samples, size_t count);
bool match_has_frame(const struct match *match);
/* Capture: the next frame, once a tick; false when the card hasn't brought as much. */
bool match_capture(struct match *match, int16_t frame[MEDIA_FRAME_SAMPLES], bool master);

/* Playback: a frame of the tick's as the card's clock wants it, at most MATCH_CHUNK samples; gives back how many. */
size_t match_play(struct match *match, const int16_t frame[MEDIA_FRAME_SAMPLES], int16_t out[MATCH_CHUNK]);
/* Playback: tells, once a tick, how many samples wait in the card and how many should, both at 16 kHz. */
void match_steer(struct match *match, double waiting, double target);

#endif
