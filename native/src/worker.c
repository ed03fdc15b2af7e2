#include "worker.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "events.h"
#include "realtime.h"

int worker_init(struct worker *worker)
{
    int descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (descriptor < 0)
        return -errno;
    worker->wake_descriptor = descriptor;
    return 0;
}

static void *run(void *context)
{
    struct worker *worker = context;
    while (!atomic_load(&worker->stopping))
        worker->turn(worker->context);
    return NULL;
}

int worker_start(struct worker *worker, const char *name, void (*turn)(void *context), void *context)
{
    worker->turn = turn;
    worker->context = context;
    int error = realtime_thread_new(&worker->thread, name, run, worker);
    worker->started = error == 0;
    return error;
}

void worker_stop(struct worker *worker)
{
    if (!worker->started)
        return;
    atomic_store(&worker->stopping, true);
    worker_wake(worker);
    pthread_join(worker->thread, NULL);
    worker->started = false;
}

void worker_free(struct worker *worker)
{
    if (worker->wake_descriptor > 0)
        close(worker->wake_descriptor);
}

void worker_wake(const struct worker *worker)
{
    events_signal(worker->wake_descriptor);
}

void worker_wait(const struct worker *worker, struct pollfd *polls, nfds_t count, int timeout_ms)
{
    uint64_t wakes;
    polls[0] = (struct pollfd){.fd = worker->wake_descriptor, .events = POLLIN};
    poll(polls, 1 + count, timeout_ms);
    /* Cleared before the next turn looks: what is left for it from here on wakes it anew. */
    ssize_t cleared = read(worker->wake_descriptor, &wakes, sizeof wakes);
    (void)cleared;
}
