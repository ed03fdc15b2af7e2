/* What goes up to other threads: events one by one, counters as a whole. */
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "engine_internal.h"

int engine_event_fd(const struct engine *engine)
{
    return engine->event_descriptor;
}

static bool take_event(struct events *events, struct media_event *event)
{
    struct media_event *front = queue_front(&events->queue);
    if (front == NULL)
        return false;
    memcpy(event, front, offsetof(struct media_event, data) + front->size);
    if (front->kind == MEDIA_EVENT_DTLS_CONNECTED)
        explicit_bzero(front->data, front->size);       /* keys */
    queue_release(&events->queue);
    return true;
}

static bool take_any(struct engine *engine, struct media_event *event)
{
    return take_event(&engine->events, event) || take_event(&engine->device_thread.events, event) ||
           take_event(&engine->relay_thread.events, event) || take_event(&engine->writer.events, event);
}

int engine_next_event(struct engine *engine, struct media_event *event)
{
    pthread_mutex_lock(&engine->control);
    engine_collect_locked(engine);
    bool found = take_any(engine, event);
    if (!found) {
        /* Clear the wake-up, then look again: what came in between must not be slept over. */
        uint64_t count;
        ssize_t cleared = read(engine->event_descriptor, &count, sizeof count);
        (void)cleared;
        found = take_any(engine, event);
    }
    pthread_mutex_unlock(&engine->control);
    return found;
}

void engine_report(struct engine *engine, struct media_report *report)
{
    snapshot_read(&engine->report, report, sizeof *report);
    report->events_dropped = atomic_load_explicit(&engine->events.dropped, memory_order_relaxed) +
                             atomic_load_explicit(&engine->device_thread.events.dropped, memory_order_relaxed) +
                             atomic_load_explicit(&engine->relay_thread.events.dropped, memory_order_relaxed) +
                             atomic_load_explicit(&engine->writer.events.dropped, memory_order_relaxed);
}
