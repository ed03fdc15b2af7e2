/* Events on their way up to Python: one queue per producing thread, one eventfd for all. */
#ifndef IP270_EVENTS_H
#define IP270_EVENTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ip270_media.h"
#include "queue.h"

enum { EVENT_QUEUE = 256 };

struct events {
    struct queue queue;
    int descriptor;                 /* eventfd, owned by the engine */
    bool unsignalled;               /* something was put since the last flush; producer only */
    atomic_ullong dropped;          /* the queue was full */
};

int events_init(struct events *events, int descriptor);
void events_free(struct events *events);

/* Producer: a slot to fill (kind, object, a and b are set, the rest is empty), or NULL when the queue is full, which is
 * counted. Each is followed by events_commit. */
struct media_event *events_begin(struct events *events, enum media_event_kind kind, int object, int64_t a, int64_t b);
void events_commit(struct events *events);

/* Whether there was room for it. */
bool events_emit(struct events *events, enum media_event_kind kind, int object, int64_t a, int64_t b);
void events_emit_text(struct events *events, enum media_event_kind kind, int object, int64_t a, const char *text);

/* Producer, once per tick: wakes the reader when there is something new. */
void events_flush(struct events *events);
void events_signal(int descriptor);

#endif
