/* Buses and the parties on them: each party hears the sum of the others (mix-minus), in 16 kHz frames of 10 ms.
 *
 *   party.input --gain--> contribution --+--> bus.sum --(minus own)--> party.heard
 *   sound (tone, player) ----------------+
 *
 * Another gain, a mute and a join take effect over one frame, so that nobody hears a click. Who hears several at once hears them
 * through a limiter: together they may be too loud for 16 bits. It adds a millisecond, so it is not there between two, and once it is it
 * stays for as long as the party listens.
 *
 * Media thread only. */
#ifndef IP270_MIXER_H
#define IP270_MIXER_H

#include <stdbool.h>
#include <stdint.h>

#include "ip270_media.h"
#include "limiter.h"
#include "object.h"

struct bus {
    struct object object;
    bool hear_self;                             /* a party hears itself too: an echo */
    bool connected;                             /* some stream on the bus is in a connected call; counted each tick */
    unsigned talking;                           /* parties in the sum of this tick */
    int32_t sum[MEDIA_FRAME_SAMPLES];
};

/* What of a party is in the sum, and taken out again of what it hears. Mostly it is the input as it is: then nothing is copied. */
enum party_adds {
    PARTY_NOTHING,
    PARTY_INPUT,
    PARTY_CONTRIBUTION,
};

struct party {
    struct object object;
    struct bus *bus;                            /* NULL: on none */
    bool talk;
    bool listen;
    float gain;                                 /* linear, of what the party says */
    float faded;                                /* the gain that the last frame ended with */
    int16_t input[MEDIA_FRAME_SAMPLES];         /* what the party says in this tick */
    enum party_adds adds;                       /* in this tick, on its bus */
    int32_t contribution[MEDIA_FRAME_SAMPLES];  /* the input under a gain, where it has one */
    int16_t heard[MEDIA_FRAME_SAMPLES];         /* what the party is to hear */
    bool limited;                               /* it has heard several others: `limiter` is in the way */
    struct limiter limiter;
};

void mixer_clear(struct bus *bus);
void mixer_add(struct party *party);                                        /* input -> contribution -> sum */
void mixer_add_sound(struct bus *bus, const int16_t frame[MEDIA_FRAME_SAMPLES]);
void mixer_hear(struct party *party);                                       /* sum -> heard */

/* out += in, saturating. */
void mixer_overlay(int16_t out[MEDIA_FRAME_SAMPLES], const int16_t in[MEDIA_FRAME_SAMPLES]);
/* frame *= gain, saturating. */
void mixer_scale(int16_t frame[MEDIA_FRAME_SAMPLES], float gain);

#endif
