/* relay_thread.h: the relay thread, at normal priority: work on packets that waits for the network or takes longer than a tick may.
 *
 *   media --begin, end--> relay thread          control --makes a link, sends it down--> media
 *   media --incoming----> a link's work         relay thread --released--> control, which frees
 *   media <--outgoing---- a link's work
 *
 * A link is two rings of packets between one stream and a piece of work, and belongs to the relay thread from the moment the media
 * thread begins it until the media thread has ended it. */
#ifndef IP270_RELAY_THREAD_H
#define IP270_RELAY_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "events.h"
#include "packet_port.h"
#include "queue.h"
#include "worker.h"

enum { RELAY_LINKS_MAX = 256 };         /* begun ones, and those on their way in or out */

#define RELAY_NEVER INT64_MAX

struct relay_link;

/** What a kind of link does. */
struct relay_work {
    /** Relay thread: takes what is in `incoming`, reads and writes `descriptor` where it is ready, does what is due, and sets
        `descriptor`, `interest` and `deadline_ns` anew. Called whenever any of these may have something to do, and perhaps when none
        has; never waits. */
    void (*serve)(struct relay_link *link, struct events *events, int64_t now_ns);
    /** Controlling thread, once nobody else knows the link. Frees the memory that holds it, too. */
    void (*free)(struct relay_link *link);
};

/** First member of what a kind of link keeps. */
struct relay_link {
    const struct relay_work *work;
    struct relay_thread *thread;        /**< Media thread: since it began the link                               */
    struct queue incoming;              /**< struct packet, from the media thread                                */
    struct queue outgoing;              /**< struct packet, to the media thread                                  */
    int stream;                         /**< Number of the stream that events are about                          */
    int descriptor;                     /**< To be watched; -1: none                                             */
    short interest;                     /**< For which poll(2) events                                            */
    int64_t deadline_ns;                /**< CLOCK_MONOTONIC; RELAY_NEVER: none                                  */
};

struct relay_thread {
    struct queue requests;              /* from the media thread: struct relay_request */
    struct queue released;              /* to the controlling thread: struct relay_link *, free to be freed */
    struct events events;
    struct worker worker;
    bool unsignalled;                   /* something was left for the thread since the last flush; media thread */
    unsigned living;                    /* links made and not yet freed; under the engine's `control` */
    struct relay_link *links[RELAY_LINKS_MAX];          /* the thread's own */
    unsigned link_count;
};

int relay_thread_init(struct relay_thread *thread, int event_descriptor);
int relay_thread_start(struct relay_thread *thread);
void relay_thread_stop(struct relay_thread *thread);            /* waits for it */
void relay_thread_free(struct relay_thread *thread);            /* after the media thread, too, has ended; frees all links */

/** Controlling thread: prepares a link whose rings hold `packets` each, a power of two. 0 or -ENOMEM, and then nothing is kept. */
int relay_link_init(struct relay_link *link, const struct relay_work *work, int stream, size_t packets);
/** Controlling thread: gives the rings back, for relay_work.free. */
void relay_link_close(struct relay_link *link);

/** Controlling thread: counts a link that is to be made and sent down; -EMFILE when there are too many. */
int relay_thread_admit(struct relay_thread *thread);
/** Controlling thread: one that was counted was not made. One that was is counted out when it is freed. */
void relay_thread_withdraw(struct relay_thread *thread);
/** Controlling thread: one that was admitted never left. */
void relay_thread_dismiss(struct relay_thread *thread, struct relay_link *link);
/** Controlling thread: frees the links that nobody uses any more. */
void relay_thread_collect(struct relay_thread *thread);

/* Media thread. None of these waits; relay_thread_flush, once per tick, wakes the relay thread when something was left for it. */
void relay_thread_begin(struct relay_thread *thread, struct relay_link *link);
void relay_thread_end(struct relay_thread *thread, struct relay_link *link);
void relay_thread_flush(struct relay_thread *thread);
/** Has a link served that was begun. */
void relay_link_notify(struct relay_link *link);
/** Leaves a copy of `packet` for a link that was begun; false where the ring is full. */
bool relay_link_put(struct relay_link *link, const struct packet *packet);

/** Serves all links once, in the caller's thread: for the stepped clock, which has no relay thread. */
void relay_thread_serve(struct relay_thread *thread);

#endif
