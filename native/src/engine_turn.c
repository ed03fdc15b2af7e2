/* TURN over TCP and TLS as other threads see it: the connection of each component of a stream. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "engine_internal.h"
#include "turn_link.h"

static int new_connection(struct engine *engine, struct stream *stream, unsigned component, const struct turn_place *server,
                          struct relay_link **link)
{
    int error = relay_thread_admit(&engine->relay_thread);
    if (error != 0)
        return error;
    engine->connections = engine->connections % INT_MAX + 1;
    *link = turn_link_new(&engine->relay_thread, stream->party.object.id, component, engine->connections, server);
    if (*link != NULL)
        return engine->connections;
    relay_thread_withdraw(&engine->relay_thread);
    return -ENOMEM;
}

static int connect_locked(struct engine *engine, struct stream *stream, unsigned component, const struct turn_place *server)
{
    struct command command = {.kind = COMMAND_LINK, .object = &stream->party.object, .link = {.place = LINK_TURN_RTP + component}};
    int number = 0;
    engine_collect_locked(engine);
    if (server != NULL)
        number = new_connection(engine, stream, component, server, &command.link.link);
    if (number < 0)
        return number;
    int error = engine_send_locked(engine, &command);
    if (error == 0)
        stream->turn[component] = command.link.link;
    else if (command.link.link != NULL)
        relay_thread_dismiss(&engine->relay_thread, command.link.link);
    return error == 0 ? number : error;
}

int engine_stream_turn(struct engine *engine, int id, int component, const char *address, uint16_t port,
                       const struct media_trust *trust, const char *name)
{
    struct turn_place server = {.trust = trust, .name = name};
    bool wanted = address[0] != '\0';
    if (component < 0 || component >= COMPONENTS || (wanted && address_parse(&server.address, address, port) != 0))
        return -EINVAL;
    if (trust != NULL && strlen(name) >= MEDIA_NAME_BYTES)
        return -EINVAL;
    pthread_mutex_lock(&engine->control);
    struct stream *stream = (struct stream *)engine_find_kind(engine, id, OBJECT_STREAM);
    int result = stream == NULL ? -ENOENT : connect_locked(engine, stream, (unsigned)component, wanted ? &server : NULL);
    pthread_mutex_unlock(&engine->control);
    return result;
}

int engine_stream_turn_send(struct engine *engine, int id, int component, const uint8_t *message, size_t size)
{
    if (component < 0 || component >= COMPONENTS || size > PACKET_BYTES)
        return -EINVAL;
    pthread_mutex_lock(&engine->control);
    struct stream *stream = (struct stream *)engine_find_kind(engine, id, OBJECT_STREAM);
    int result = -ENOENT;
    if (stream != NULL) {
        reach_expect(&stream->reach, message, size);
        result = stream->turn[component] != NULL && turn_link_say(stream->turn[component], message, size);
    }
    pthread_mutex_unlock(&engine->control);
    return result;
}
