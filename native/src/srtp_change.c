#include "srtp_change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static void free_change(struct object *object)
{
    struct srtp_change *change = (struct srtp_change *)object;
    for (unsigned i = 0; i < MEDIA_COMPONENTS * SRTP_DIRECTIONS; i++)
        srtp_context_free(change->contexts[i / SRTP_DIRECTIONS][i % SRTP_DIRECTIONS]);
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

/* Notes which of a component's contexts are to be replaced. True when any is. */
static bool note(struct srtp_change *change, unsigned component, const struct media_srtp *from, const struct media_srtp *to)
{
    for (unsigned i = 0; i < SRTP_DIRECTIONS; i++)
        change->replaces[component][i] = !key_stays(from, to, (enum srtp_direction)i);
    return change->replaces[component][SRTP_INBOUND] || change->replaces[component][SRTP_OUTBOUND];
}

static bool make_contexts(struct srtp_change *change, unsigned component, const struct media_srtp *to, uint32_t ssrc)
{
    for (unsigned i = 0; i < SRTP_DIRECTIONS; i++) {
        enum srtp_direction direction = (enum srtp_direction)i;
        if (!change->replaces[component][i] || to->suite == MEDIA_SRTP_NONE)
            continue;
        change->contexts[component][i] = srtp_context_new(direction, to->suite, key_of(to, direction), ssrc);
        if (change->contexts[component][i] == NULL)
            return false;
    }
    return true;
}

int srtp_change_new(struct srtp_change **result, const struct media_srtp from[MEDIA_COMPONENTS],
                    const struct media_srtp to[MEDIA_COMPONENTS], uint32_t ssrc)
{
    struct srtp_change wanted = {.object = {.kind = OBJECT_SRTP_CHANGE, .free = free_change}};
    bool changes = false;
    *result = NULL;
    for (unsigned i = 0; i < MEDIA_COMPONENTS; i++) {
        if (to[i].suite != MEDIA_SRTP_NONE && srtp_key_size(to[i].suite) == 0)
            return -EINVAL;
        changes |= note(&wanted, i, &from[i], &to[i]);
    }
    if (!changes)
        return 0;
    struct srtp_change *change = memory_new(sizeof *change);
    if (change == NULL)
        return -ENOMEM;
    *change = wanted;
    change->counts = (struct continuity_change){
        .key_check = continuity_key_check(to),
        .sent = wanted.replaces[0][SRTP_OUTBOUND],
        .received = wanted.replaces[0][SRTP_INBOUND],
        .reports = wanted.replaces[1][SRTP_INBOUND] || (to[1].suite == MEDIA_SRTP_NONE && wanted.replaces[0][SRTP_INBOUND]),
    };
    for (unsigned i = 0; i < MEDIA_COMPONENTS; i++) {
        if (!make_contexts(change, i, &to[i], ssrc)) {
            free_change(&change->object);
            return -ENOMEM;
        }
    }
    *result = change;
    return 0;
}

static bool resume_outbound(struct srtp_context *context, const struct continuity_state *from, uint32_t ssrc)
{
    return context == NULL || srtp_resume_outbound(context, ssrc, from->sent, from->sent_reports);
}

static bool resume_inbound(struct srtp_context *context, const struct continuity_state *from)
{
    bool resumed = true;
    for (unsigned i = 0; resumed && context != NULL && i < SRTP_SOURCES_MAX; i++)
        resumed = srtp_resume_inbound(context, &from->received[i]);
    return resumed;
}

static bool resume_inbound_reports(struct srtp_context *context, const struct continuity_state *from)
{
    bool resumed = true;
    for (unsigned i = 0; resumed && context != NULL && i < SRTP_SOURCES_MAX; i++)
        resumed = srtp_resume_inbound_reports(context, &from->next_report[i]);
    return resumed;
}

int srtp_change_resume(struct srtp_change *change, const struct media_srtp keys[MEDIA_COMPONENTS],
                       const struct continuity_state *from, uint32_t ssrc)
{
    if (continuity_key_check(keys) != from->key_check)
        return -EKEYREJECTED;
    for (unsigned i = 0; change != NULL && i < MEDIA_COMPONENTS; i++) {
        if (!resume_outbound(change->contexts[i][SRTP_OUTBOUND], from, ssrc))
            return -EOVERFLOW;
    }
    if (change == NULL)
        return 0;
    struct srtp_context *voice = change->contexts[0][SRTP_INBOUND], *apart = change->contexts[1][SRTP_INBOUND];
    bool resumed = resume_inbound(voice, from) && resume_inbound_reports(apart != NULL ? apart : voice, from);
    return resumed ? 0 : -ENOMEM;
}

static void swap(struct srtp_context **one, struct srtp_context **other)
{
    struct srtp_context *kept = *one;
    *one = *other;
    *other = kept;
}

void srtp_change_apply(struct srtp_change *change, struct srtp_context *contexts[MEDIA_COMPONENTS][SRTP_DIRECTIONS])
{
    for (unsigned component = 0; component < MEDIA_COMPONENTS; component++) {
        for (unsigned i = 0; i < SRTP_DIRECTIONS; i++) {
            if (change->replaces[component][i])
                swap(&contexts[component][i], &change->contexts[component][i]);
        }
    }
}
