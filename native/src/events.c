#include "events.h"

#include <stdio.h>
#include <unistd.h>

int events_init(struct events *events, int descriptor)
{
    events->descriptor = descriptor;
    events->unsignalled = false;
    atomic_init(&events->dropped, 0);
    return queue_init(&events->queue, EVENT_QUEUE, sizeof(struct media_event));
}

void events_free(struct events *events)
{
    queue_free(&events->queue);
}

struct media_event *events_begin(struct events *events, enum media_event_kind kind, int object, int64_t a, int64_t b)
{
    struct media_event *event = queue_reserve(&events->queue);
    if (event == NULL) {
        atomic_fetch_add_explicit(&events->dropped, 1, memory_order_relaxed);
        return NULL;
    }
    event->kind = (int32_t)kind;
    event->object = object;
    event->a = a;
    event->b = b;
    event->size = 0;
    event->text[0] = '\0';
    return event;
}

void events_commit(struct events *events)
{
    queue_commit(&events->queue);
    events->unsignalled = true;
}

bool events_emit(struct events *events, enum media_event_kind kind, int object, int64_t a, int64_t b)
{
    if (events_begin(events, kind, object, a, b) == NULL)
        return false;
    events_commit(events);
    return true;
}

void events_emit_text(struct events *events, enum media_event_kind kind, int object, int64_t a, const char *text)
{
    struct media_event *event = events_begin(events, kind, object, a, 0);
    if (event == NULL)
        return;
    snprintf(event->text, sizeof event->text, "%s", text);
    events_commit(events);
}

void events_signal(int descriptor)
{
    uint64_t one = 1;
    /* A full counter means the reader has been woken already. */
    ssize_t written = write(descriptor, &one, sizeof one);
    (void)written;
}

void events_flush(struct events *events)
{
    if (!events->unsignalled)
        return;
    events->unsignalled = false;
    events_signal(events->descriptor);
}
