/* Buses, and which party talks to and hears which. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "engine_internal.h"
#include "memory.h"

static void free_bus(struct object *object)
{
    free(object);
}

int engine_bus_new(struct engine *engine, bool hear_self)
{
    struct bus *bus = memory_new(sizeof *bus);
    if (bus == NULL)
        return -ENOMEM;
    bus->object.kind = OBJECT_BUS;
    bus->object.free = free_bus;
    bus->hear_self = hear_self;
    return engine_adopt(engine, &bus->object);
}

static struct object *find_party(struct engine *engine, int id)
{
    struct object *object = engine_find(engine, id);
    bool is_party = object != NULL && (object->kind == OBJECT_STREAM || object->kind == OBJECT_DEVICE);
    return is_party ? object : NULL;
}

int engine_join(struct engine *engine, int party, int bus, bool talk, bool listen, double gain)
{
    struct command command = {.kind = COMMAND_JOIN, .join = {.talk = talk, .listen = listen, .gain = (float)gain}};
    if (!isfinite(gain) || gain < 0)
        return -EINVAL;
    pthread_mutex_lock(&engine->control);
    command.object = find_party(engine, party);
    command.other = engine_find_kind(engine, bus, OBJECT_BUS);
    int result = command.object == NULL || command.other == NULL ? -ENOENT : engine_send_locked(engine, &command);
    pthread_mutex_unlock(&engine->control);
    return result;
}

int engine_leave(struct engine *engine, int party)
{
    struct command command = {.kind = COMMAND_LEAVE};
    pthread_mutex_lock(&engine->control);
    command.object = find_party(engine, party);
    int result = command.object == NULL ? -ENOENT : engine_send_locked(engine, &command);
    pthread_mutex_unlock(&engine->control);
    return result;
}
