/* Recordings as other threads see them. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "clock.h"
#include "engine_internal.h"

int engine_recording_new(struct engine *engine, const char *path, uint64_t limit)
{
    if (path[0] == '\0' || strlen(path) >= PATH_MAX || limit < PCAP_HEADER_BYTES)
        return -EINVAL;
    pthread_mutex_lock(&engine->control);
    engine_collect_locked(engine);
    bool room = atomic_load(&engine->recordings_alive) < RECORDINGS_MAX;
    pthread_mutex_unlock(&engine->control);
    if (!room)
        return -EMFILE;
    int64_t wall_offset = clock_wall() - engine_now(engine);
    struct recording *recording = recording_new(path, limit, wall_offset, &engine->recordings_alive);
    return recording == NULL ? -ENOMEM : engine_adopt(engine, &recording->object);
}

int engine_recording_add(struct engine *engine, int recording, bool outbound, const uint8_t *message, size_t size)
{
    struct command command = {.kind = COMMAND_MESSAGE};
    if (size == 0 || size > PCAP_PAYLOAD_MAX)
        return -EINVAL;
    struct recorded_message *recorded = recorded_message_new(outbound, message, size);
    if (recorded == NULL)
        return -ENOMEM;
    command.other = &recorded->object;
    pthread_mutex_lock(&engine->control);
    engine_collect_locked(engine);      /* the messages before it: many may come between two events */
    command.object = engine_find_kind(engine, recording, OBJECT_RECORDING);
    int result = command.object == NULL ? -ENOENT : engine_send_locked(engine, &command);
    pthread_mutex_unlock(&engine->control);
    if (result != 0)
        recorded->object.free(&recorded->object);
    return result;
}

int engine_recording_finish(struct engine *engine, int id)
{
    struct command command = {.kind = COMMAND_FINISH};
    pthread_mutex_lock(&engine->control);
    struct recording *recording = (struct recording *)engine_find_kind(engine, id, OBJECT_RECORDING);
    int result = recording == NULL ? -ENOENT : 0;
    if (recording != NULL && !recording->finishing) {
        command.object = &recording->object;
        result = engine_send_locked(engine, &command);
        recording->finishing = result == 0;
    }
    pthread_mutex_unlock(&engine->control);
    return result;
}

int engine_stream_record(struct engine *engine, int stream, int recording)
{
    struct command command = {.kind = COMMAND_RECORD};
    pthread_mutex_lock(&engine->control);
    command.object = engine_find_kind(engine, stream, OBJECT_STREAM);
    command.other = recording == 0 ? NULL : engine_find_kind(engine, recording, OBJECT_RECORDING);
    bool both = command.object != NULL && (recording == 0 || command.other != NULL);
    int result = both ? engine_send_locked(engine, &command) : -ENOENT;
    pthread_mutex_unlock(&engine->control);
    return result;
}
