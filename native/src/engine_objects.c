/* The table of objects that other threads know by number, and the way down to the media thread. */
#include <errno.h>

#include "device_alsa.h"
#include "engine_internal.h"

static struct object **slot_of(struct engine *engine, int id)
{
    for (unsigned i = 0; i < OBJECTS_MAX; i++) {
        if (engine->objects[i] != NULL && engine->objects[i]->id == id)
            return &engine->objects[i];
    }
    return NULL;
}

struct object *engine_find(struct engine *engine, int id)
{
    struct object **slot = id > 0 ? slot_of(engine, id) : NULL;
    return slot == NULL ? NULL : *slot;
}

struct object *engine_find_kind(struct engine *engine, int id, enum object_kind kind)
{
    struct object *object = engine_find(engine, id);
    return object != NULL && object->kind == kind ? object : NULL;
}

static unsigned limit_of(enum object_kind kind)
{
    switch (kind) {
    case OBJECT_BUS:
        return BUSES_MAX;
    case OBJECT_STREAM:
        return STREAMS_MAX;
    case OBJECT_DEVICE:
        return DEVICES_MAX;
    case OBJECT_TONE:
    case OBJECT_PLAYER:
        return SOUNDS_MAX / 2;
    case OBJECT_RECORDING:
        return RECORDINGS_MAX;
    case OBJECT_SRTP_CHANGE:
    case OBJECT_ENHANCER:
    case OBJECT_RECORDED_MESSAGE:
        break;      /* has no number and no seat */
    }
    return 0;
}

int engine_send_locked(struct engine *engine, const struct command *command)
{
    if (!queue_push(&engine->commands, command))
        return -ENOBUFS;
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load(&engine->asleep))
        events_signal(engine->wake_descriptor);
    return 0;
}

int engine_command_to(struct engine *engine, int id, enum object_kind kind, struct command *command)
{
    pthread_mutex_lock(&engine->control);
    command->object = engine_find_kind(engine, id, kind);
    int result = command->object == NULL ? -ENOENT : engine_send_locked(engine, command);
    pthread_mutex_unlock(&engine->control);
    return result;
}

void engine_collect_locked(struct engine *engine)
{
    struct object *object;
    struct alsa_device *device;
    while (queue_pop(&engine->released, &object))
        object->free(object);
    while (queue_pop(&engine->device_thread.released, &device))
        alsa_device_free(device);
    relay_thread_collect(&engine->relay_thread);
    while (queue_pop(&engine->writer.released, &object))
        object->free(object);
}

/* An object on its way out needs no seat: its removal stands in the queue before the newcomer's arrival. */
static int adopt_locked(struct engine *engine, struct object *object)
{
    unsigned same = 0;
    struct object **free_slot = NULL;
    for (unsigned i = 0; i < OBJECTS_MAX; i++) {
        struct object **slot = &engine->objects[i];
        if (*slot == NULL)
            free_slot = free_slot == NULL ? slot : free_slot;
        else
            same += (*slot)->kind == object->kind;
    }
    if (free_slot == NULL || same >= limit_of(object->kind))
        return -EMFILE;
    object->id = engine->next_id;
    struct command command = {.kind = COMMAND_ADD, .object = object};
    int error = engine_send_locked(engine, &command);
    if (error != 0)
        return error;
    *free_slot = object;
    return engine->next_id++;
}

int engine_adopt(struct engine *engine, struct object *object)
{
    if (object == NULL)
        return -ENOMEM;
    pthread_mutex_lock(&engine->control);
    engine_collect_locked(engine);
    int result = adopt_locked(engine, object);
    pthread_mutex_unlock(&engine->control);
    if (result < 0)
        object->free(object);
    return result;
}

int engine_remove(struct engine *engine, int id)
{
    pthread_mutex_lock(&engine->control);
    struct object **slot = slot_of(engine, id);
    int result = -ENOENT;
    if (slot != NULL) {
        struct command command = {.kind = COMMAND_REMOVE, .object = *slot};
        result = engine_send_locked(engine, &command);
        if (result == 0)
            *slot = NULL;
    }
    pthread_mutex_unlock(&engine->control);
    return result;
}
