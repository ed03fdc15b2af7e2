#include "srtp_change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static void free_change(struct object *object)
{
    struct srtp_change *change = (struct srtp_change *)object;
    for (unsigned i = 0; i < SRTP_DIRECTIONS; i++)
        srtp_context_free(change->contexts[i]);
    free(change);
}

static const uint8_t *key_of(const struct media_srtp *keys, enum srtp_direction direction)
{
    return direction == SRTP_INBOUND ? keys->receive_key : keys->send_key;
}

static bool key_stays(const struct media_srtp *from, const struct media_srtp *to, enum srtp_direction direction)
{
    return from->suite == to->suite &&
           memcmp(key_of(from, direction), key_of(to, direction), srtp_key_size(to->suite)) == 0;
}

int srtp_change_new(struct srtp_change **result, const struct media_srtp *from, const struct media_srtp *to, uint32_t ssrc)
{
    *result = NULL;
    if (to->suite != MEDIA_SRTP_NONE && srtp_key_size(to->suite) == 0)
        return -EINVAL;
    bool stays[SRTP_DIRECTIONS] = {key_stays(from, to, SRTP_INBOUND), key_stays(from, to, SRTP_OUTBOUND)};
    if (stays[SRTP_INBOUND] && stays[SRTP_OUTBOUND])
        return 0;
    struct srtp_change *change = memory_new(sizeof *change);
    if (change == NULL)
        return -ENOMEM;
    change->object.kind = OBJECT_SRTP_CHANGE;
    change->object.free = free_change;
    for (unsigned i = 0; i < SRTP_DIRECTIONS; i++) {
        change->replaces[i] = !stays[i];
        if (stays[i] || to->suite == MEDIA_SRTP_NONE)
            continue;
        change->contexts[i] = srtp_context_new((enum srtp_direction)i, to->suite, key_of(to, (enum srtp_direction)i), ssrc);
        if (change->contexts[i] == NULL) {
            free_change(&change->object);
            return -ENOMEM;
        }
    }
    *result = change;
    return 0;
}

void srtp_change_apply(struct srtp_change *change, struct srtp_context *contexts[SRTP_DIRECTIONS])
{
    for (unsigned i = 0; i < SRTP_DIRECTIONS; i++) {
        if (!change->replaces[i])
            continue;
        struct srtp_context *old = contexts[i];
        contexts[i] = change->contexts[i];
        change->contexts[i] = old;
    }
}
