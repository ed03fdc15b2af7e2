/* The writer thread: empties the rings of all recordings into their files, at normal priority, because a disk may make it wait.
 *
 *   media --recording begun, finished, closed--> writer --closed--> controlling thread, which frees it
 *
 * It looks five times a second while there are recordings, so that the media thread has nobody to wake for a packet, and sleeps while
 * there are none. On the stepped clock there is no such thread: who steps calls `writer_serve`. */
#ifndef IP270_WRITER_THREAD_H
#define IP270_WRITER_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "events.h"
#include "queue.h"
#include "recording.h"
#include "worker.h"

enum {
    RECORDINGS_MAX = 32,                /* open ones, and those on their way out */
    WRITER_BUFFER = 64 * 1024,
};

enum writer_request_kind { WRITER_OPEN, WRITER_FINISH, WRITER_CLOSE };

struct writer_request {
    enum writer_request_kind kind;
    struct recording *recording;
};

struct writer_thread {
    struct queue requests;              /* from the media thread: struct writer_request */
    struct queue released;              /* to the controlling thread: struct object *, free to be freed */
    struct events events;
    struct worker worker;
    struct recording *recordings[RECORDINGS_MAX];       /* the thread's own */
    unsigned recording_count;
    size_t buffered;
    uint8_t buffer[WRITER_BUFFER];
};

int writer_thread_init(struct writer_thread *writer, int event_descriptor);
int writer_thread_start(struct writer_thread *writer);
void writer_thread_stop(struct writer_thread *writer);          /* waits for it; what it has not seen stays in `requests` */
void writer_thread_free(struct writer_thread *writer);

/* Media thread; never waits. There is always room: each of RECORDINGS_MAX asks for three things at most. */
void writer_thread_request(struct writer_thread *writer, enum writer_request_kind kind, struct recording *recording);

/* Does what was asked for and writes what is waiting. `now_ns` is the engine's time. */
void writer_serve(struct writer_thread *writer, int64_t now_ns);

#endif
