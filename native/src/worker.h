/* worker.h: a thread that sleeps until somebody has something for it, does that, and sleeps again: the device, relay and writer threads.
 *
 * It has normal priority and may wait; whoever wakes it never does. */
#ifndef IP270_WORKER_H
#define IP270_WORKER_H

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct worker {
    int wake_descriptor;                /* eventfd; 0: none yet */
    atomic_bool stopping;
    bool started;                       /* the controlling thread's own */
    pthread_t thread;
    void (*turn)(void *context);
    void *context;
};

/* Controlling thread: prepares zeroed memory. 0 or a negative errno. */
int worker_init(struct worker *worker);

/* Controlling thread: starts a thread of this name that calls `turn` over and over; each turn ends with worker_wait. 0 or a negative
 * errno. */
int worker_start(struct worker *worker, const char *name, void (*turn)(void *context), void *context);

/* Controlling thread: has no further turn begin, and waits for the one that runs. One that never started is no error. */
void worker_stop(struct worker *worker);

/* Controlling thread, once nobody wakes it any more. */
void worker_free(struct worker *worker);

/* Any thread, the media thread too: after what was left for the worker now, a turn begins. Never waits. */
void worker_wake(const struct worker *worker);

/* The worker's own thread: sleeps until it is woken, until one of the `count` descriptors after the first of `polls` is ready, or for
 * `timeout_ms`; negative: for as long as it takes. The first of `polls` is filled in here. */
void worker_wait(const struct worker *worker, struct pollfd *polls, nfds_t count, int timeout_ms);

#endif
