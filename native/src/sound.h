/* Sound that comes from nobody: a tone or a recording, heard by everybody who listens to a bus, or at one device only. */
#ifndef IP270_SOUND_H
#define IP270_SOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "events.h"
#include "ip270_media.h"
#include "object.h"
#include "tone.h"

struct sound {
    struct object object;               /* OBJECT_TONE or OBJECT_PLAYER */
    struct object *on;                  /* a bus or a device while it sounds, else NULL */
    struct tone tone;
    int16_t *samples;                   /* player only: 16 kHz mono, owned */
    size_t count;
    size_t position;
    bool loop;
    bool stopping;                      /* player only: its next frame fades out and is the last */
};

/* Controlling thread. NULL when there is no memory. */
struct sound *sound_new_tone(void);
struct sound *sound_new_player(const int16_t *samples, size_t count, bool loop);

/* Media thread. */
void sound_play_tone(struct sound *sound, const struct tone_spec *spec, struct object *on);
void sound_play_samples(struct sound *sound, struct object *on);
void sound_stop(struct sound *sound);
/* The next 10 ms; false (and nothing in `frame`) when there is none. Reports a player's end. */
bool sound_get(struct sound *sound, int16_t frame[MEDIA_FRAME_SAMPLES], struct events *events);

#endif
