#include "sound.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

static void free_sound(struct object *object)
{
    struct sound *sound = (struct sound *)object;
    free(sound->samples);
    free(sound);
}

struct sound *sound_new_tone(void)
{
    struct sound *sound = memory_new(sizeof *sound);
    if (sound == NULL)
        return NULL;
    sound->object.kind = OBJECT_TONE;
    sound->object.free = free_sound;
    return sound;
}

struct sound *sound_new_player(const int16_t *samples, size_t count, bool loop)
{
    struct sound *sound = memory_new(sizeof *sound);
    int16_t *copy = memory_new(count * sizeof *samples);
    if (sound == NULL || copy == NULL) {
        free(sound);
        free(copy);
        return NULL;
    }
    memcpy(copy, samples, count * sizeof *samples);
    sound->object.kind = OBJECT_PLAYER;
    sound->object.free = free_sound;
    sound->samples = copy;
    sound->count = count;
    sound->loop = loop;
    return sound;
}

void sound_play_tone(struct sound *sound, const struct tone_spec *spec, struct object *on)
{
    if (tone_init(&sound->tone, spec) == 0)
        sound->on = on;
}

void sound_play_samples(struct sound *sound, struct object *on)
{
    sound->position = 0;
    sound->stopping = false;
    sound->on = on;
}

void sound_stop(struct sound *sound)
{
    /* Either fades out first, so that nothing clicks. */
    if (sound->object.kind == OBJECT_TONE)
        tone_stop(&sound->tone);
    else
        sound->stopping = true;
}

static void fade_out(int16_t frame[MEDIA_FRAME_SAMPLES])
{
    for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++)
        frame[i] = (int16_t)(frame[i] * (MEDIA_FRAME_SAMPLES - i) / MEDIA_FRAME_SAMPLES);
}

static bool player_get(struct sound *sound, int16_t frame[MEDIA_FRAME_SAMPLES])
{
    if (sound->position >= sound->count)
        return false;
    for (size_t i = 0; i < MEDIA_FRAME_SAMPLES; i++) {
        frame[i] = sound->position < sound->count ? sound->samples[sound->position++] : 0;
        if (sound->loop && sound->position == sound->count)
            sound->position = 0;
    }
    return true;
}

bool sound_get(struct sound *sound, int16_t frame[MEDIA_FRAME_SAMPLES], struct events *events)
{
    if (sound->on == NULL)
        return false;
    bool sounds = sound->object.kind == OBJECT_TONE ? tone_get(&sound->tone, frame) : player_get(sound, frame);
    if (!sounds) {
        sound->on = NULL;
        if (sound->object.kind == OBJECT_PLAYER)
            events_emit(events, MEDIA_EVENT_PLAYER_FINISHED, sound->object.id, 0, 0);
    } else if (sound->object.kind == OBJECT_PLAYER && sound->stopping) {
        fade_out(frame);
        sound->on = NULL;
    }
    return sounds;
}
