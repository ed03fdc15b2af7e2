/* DTLS-SRTP as other threads see it: the certificate of all handshakes, and the associations of each stream. */
#include <errno.h>
#include <limits.h>

#include "dtls.h"
#include "dtls_context.h"
#include "engine_internal.h"

int engine_set_identity(struct engine *engine, const uint8_t *certificate, size_t certificate_size, const uint8_t *key,
                        size_t key_size)
{
    SSL_CTX *context = dtls_context_new(certificate, certificate_size, key, key_size);
    if (context == NULL)
        return -EINVAL;
    pthread_mutex_lock(&engine->control);
    SSL_CTX *before = engine->dtls_context;
    engine->dtls_context = context;
    pthread_mutex_unlock(&engine->control);
    SSL_CTX_free(before);               /* lives on in the associations that were made with it */
    return 0;
}

static int new_association(struct engine *engine, int stream, enum media_dtls_role role, struct relay_link **link)
{
    if (engine->dtls_context == NULL)
        return -ENOKEY;
    int error = relay_thread_admit(&engine->relay_thread);
    if (error != 0)
        return error;
    engine->associations = engine->associations % INT_MAX + 1;
    *link = dtls_new(engine->dtls_context, role, stream, engine->associations);
    if (*link != NULL)
        return engine->associations;
    relay_thread_withdraw(&engine->relay_thread);
    return -ENOMEM;
}

static int associate_locked(struct engine *engine, struct stream *stream, unsigned component, enum media_dtls_role role)
{
    struct command command = {.kind = COMMAND_LINK, .object = &stream->party.object, .link = {.place = LINK_DTLS_RTP + component}};
    int number = 0;
    engine_collect_locked(engine);
    if (role != MEDIA_DTLS_NONE)
        number = new_association(engine, stream->party.object.id, role, &command.link.link);
    if (number < 0)
        return number;
    int error = engine_send_locked(engine, &command);
    if (error != 0 && command.link.link != NULL)
        relay_thread_dismiss(&engine->relay_thread, command.link.link);
    return error == 0 ? number : error;
}

int engine_stream_dtls(struct engine *engine, int id, int component, int role)
{
    if (component < 0 || component >= COMPONENTS || role < MEDIA_DTLS_NONE || role > MEDIA_DTLS_SERVER)
        return -EINVAL;
    pthread_mutex_lock(&engine->control);
    struct stream *stream = (struct stream *)engine_find_kind(engine, id, OBJECT_STREAM);
    int result = stream == NULL ? -ENOENT : associate_locked(engine, stream, (unsigned)component, (enum media_dtls_role)role);
    pthread_mutex_unlock(&engine->control);
    return result;
}
