/* Tones and players: what sounds without coming from a party. */
#include <errno.h>
#include <string.h>

#include "engine_internal.h"

int engine_tone_new(struct engine *engine)
{
    struct sound *sound = sound_new_tone();
    return sound == NULL ? -ENOMEM : engine_adopt(engine, &sound->object);
}

int engine_player_new(struct engine *engine, const int16_t *samples, size_t count, bool loop)
{
    struct sound *sound = sound_new_player(samples, count, loop);
    return sound == NULL ? -ENOMEM : engine_adopt(engine, &sound->object);
}

static int play_on(struct engine *engine, int sound, enum object_kind kind, int on, struct command *command)
{
    pthread_mutex_lock(&engine->control);
    command->object = engine_find_kind(engine, sound, kind);
    command->other = engine_find_kind(engine, on, OBJECT_BUS);
    if (command->other == NULL)
        command->other = engine_find_kind(engine, on, OBJECT_DEVICE);
    bool both = command->object != NULL && command->other != NULL;
    int result = both ? engine_send_locked(engine, command) : -ENOENT;
    pthread_mutex_unlock(&engine->control);
    return result;
}

int engine_tone_play(struct engine *engine, int tone, const struct media_tone *spec, int on)
{
    struct command command = {.kind = COMMAND_TONE};
    struct tone check;
    if (spec->count > MEDIA_TONE_SEGMENTS)
        return -EINVAL;
    command.tone.segment_count = (uint8_t)spec->count;
    command.tone.repeat = spec->repeat;
    for (unsigned i = 0; i < spec->count; i++) {
        const struct media_tone_segment *from = &spec->segments[i];
        struct tone_segment *to = &command.tone.segments[i];
        memcpy(to->frequencies, from->frequencies, sizeof to->frequencies);
        to->frequency_count = from->frequency_count;
        to->modulation_hz = from->modulation_hz;
        to->level_dbm0 = from->level_dbm0;
        to->on_ms = from->on_ms;
        to->off_ms = from->off_ms;
    }
    if (tone_init(&check, &command.tone) != 0)
        return -EINVAL;
    return play_on(engine, tone, OBJECT_TONE, on, &command);
}

int engine_player_play(struct engine *engine, int player, int on)
{
    struct command command = {.kind = COMMAND_PLAY};
    return play_on(engine, player, OBJECT_PLAYER, on, &command);
}

int engine_sound_stop(struct engine *engine, int sound)
{
    struct command command = {.kind = COMMAND_STOP};
    int result = engine_command_to(engine, sound, OBJECT_TONE, &command);
    return result == -ENOENT ? engine_command_to(engine, sound, OBJECT_PLAYER, &command) : result;
}
