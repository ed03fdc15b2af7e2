/* A meter: the mean power of the audio since it was last read. */
#ifndef IP270_LEVEL_H
#define IP270_LEVEL_H

#include <stdint.h>

#include "ip270_media.h"

struct level {
    double power;
    uint32_t frames;
    double last;
};

/* How loud somebody talks, and what is heard between his words. Zeroed memory is the first state. */
struct speech_level {
    double signal_dbov;                 /* 0: nothing was said yet */
    double noise_dbov;                  /* 0: nothing was heard yet */
};

/* One result of level_take, each time that counters are published. */
void speech_level_add(struct speech_level *speech, double dbov);

void level_init(struct level *level);
void level_add(struct level *level, const int16_t frame[MEDIA_FRAME_SAMPLES]);

void level_add_silence(struct level *level);            /* a frame of noughts */

/* dBov: a full-scale square wave is 0 (RFC 6464); -127 for silence. Begins the next measurement; without a frame in it the last
 * result stands. */
double level_take(struct level *level);

#endif
