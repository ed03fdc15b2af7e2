/* A sound card in memory, for the stepped clock above all: it moves samples at a rate of its own, as a real one does, and is
 * matched to the tick as a real one is. One thread at a time. */
#ifndef IP270_MEMORY_CARD_H
#define IP270_MEMORY_CARD_H

#include <stddef.h>
#include <stdint.h>

#include "match.h"

enum {
    MEMORY_CARD_TARGET = 2 * MEDIA_FRAME_SAMPLES,   /* what waits to be played after a tick: two periods of 10 ms */
    MEMORY_CARD_BUFFER = 4096,
    MEMORY_CARD_PPM_MAX = 1000,
    MEMORY_CARD_CHUNK = 2 * MEDIA_FRAME_SAMPLES,    /* more than its clock ever moves in a tick */
};

struct memory_card {
    double rate;                        /* samples of the card's in a tick */
    double owed;                        /* what its clock has moved on since the last whole sample */
    struct match capture;
    struct match playback;
    size_t waiting;                     /* to be played */
    int16_t queue[MEMORY_CARD_BUFFER];
};

/* Controlling thread. A card whose clock is faster than the tick by `ppm`, at most MEMORY_CARD_PPM_MAX either way; NULL: no memory. */
struct memory_card *memory_card_new(double ppm);

/* Its clock moves on by a tick; gives back by how many samples, at most MEMORY_CARD_CHUNK. */
size_t memory_card_tick(struct memory_card *card);
/* What it plays in that time; gives back how many samples there were, the rest is silence. */
size_t memory_card_play(struct memory_card *card, int16_t *samples, size_t count);
/* A frame of the tick's to be played; gives back how many samples it had no room for. */
size_t memory_card_put(struct memory_card *card, const int16_t frame[MEDIA_FRAME_SAMPLES]);

#endif
