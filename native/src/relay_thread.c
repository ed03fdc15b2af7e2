#include "relay_thread.h"

#include <errno.h>
#include <string.h>

#include "clock.h"

enum {
    REQUEST_QUEUE = 2 * RELAY_LINKS_MAX,        /* each living link is begun once and ended once: there is always room */
    RELEASED_QUEUE = RELAY_LINKS_MAX,
};

enum relay_request_kind { RELAY_BEGIN, RELAY_END };

struct relay_request {
    enum relay_request_kind kind;
    struct relay_link *link;
};

int relay_thread_init(struct relay_thread *thread, int event_descriptor)
{
    int error = worker_init(&thread->worker);
    if (error == 0)
        error = queue_init(&thread->requests, REQUEST_QUEUE, sizeof(struct relay_request));
    if (error == 0)
        error = queue_init(&thread->released, RELEASED_QUEUE, sizeof(struct relay_link *));
    if (error == 0)
        error = events_init(&thread->events, event_descriptor);
    return error;
}

/* --- controlling thread --- */

int relay_link_init(struct relay_link *link, const struct relay_work *work, int stream, size_t packets)
{
    link->work = work;
    link->stream = stream;
    link->descriptor = -1;
    link->deadline_ns = RELAY_NEVER;
    int error = queue_init(&link->incoming, packets, sizeof(struct packet));
    if (error == 0)
        error = queue_init(&link->outgoing, packets, sizeof(struct packet));
    if (error != 0)
        relay_link_close(link);
    return error;
}

void relay_link_close(struct relay_link *link)
{
    queue_free(&link->incoming);
    queue_free(&link->outgoing);
}

int relay_thread_admit(struct relay_thread *thread)
{
    if (thread->living == RELAY_LINKS_MAX)
        return -EMFILE;
    thread->living++;
    return 0;
}

void relay_thread_withdraw(struct relay_thread *thread)
{
    thread->living--;
}

void relay_thread_dismiss(struct relay_thread *thread, struct relay_link *link)
{
    link->work->free(link);
    relay_thread_withdraw(thread);
}

void relay_thread_collect(struct relay_thread *thread)
{
    struct relay_link *link;
    while (queue_pop(&thread->released, &link))
        relay_thread_dismiss(thread, link);
}

/* --- media thread --- */

static void request(struct relay_thread *thread, enum relay_request_kind kind, struct relay_link *link)
{
    struct relay_request wanted = {kind, link};
    queue_push(&thread->requests, &wanted);
    thread->unsignalled = true;
}

void relay_thread_begin(struct relay_thread *thread, struct relay_link *link)
{
    link->thread = thread;
    request(thread, RELAY_BEGIN, link);
}

void relay_thread_end(struct relay_thread *thread, struct relay_link *link)
{
    request(thread, RELAY_END, link);
}

void relay_thread_flush(struct relay_thread *thread)
{
    if (!thread->unsignalled)
        return;
    thread->unsignalled = false;
    worker_wake(&thread->worker);
}

void relay_link_notify(struct relay_link *link)
{
    link->thread->unsignalled = true;
}

bool relay_link_put(struct relay_link *link, const struct packet *packet)
{
    struct packet *slot = queue_reserve(&link->incoming);
    if (slot == NULL)
        return false;
    /* What lies behind the packet's end is no business of anybody's, and would only cost time. */
    memcpy(slot, packet, offsetof(struct packet, data) + packet->size);
    queue_commit(&link->incoming);
    relay_link_notify(link);
    return true;
}

/* --- relay thread --- */

static void drop(struct relay_thread *thread, struct relay_link *link)
{
    for (unsigned i = 0; i < thread->link_count; i++) {
        if (thread->links[i] == link) {
            thread->links[i] = thread->links[--thread->link_count];
            break;
        }
    }
    queue_push(&thread->released, &link);
    thread->events.unsignalled = true;
}

static void take_requests(struct relay_thread *thread)
{
    struct relay_request wanted;
    while (queue_pop(&thread->requests, &wanted)) {
        if (wanted.kind == RELAY_BEGIN)
            thread->links[thread->link_count++] = wanted.link;
        else
            drop(thread, wanted.link);
    }
}

void relay_thread_serve(struct relay_thread *thread)
{
    take_requests(thread);
    int64_t now = clock_now();
    for (unsigned i = 0; i < thread->link_count; i++)
        thread->links[i]->work->serve(thread->links[i], &thread->events, now);
    events_flush(&thread->events);
}

/* Milliseconds until the earliest deadline, rounded up, or -1. */
static int time_left(const struct relay_thread *thread)
{
    int64_t next = RELAY_NEVER;
    for (unsigned i = 0; i < thread->link_count; i++)
        next = thread->links[i]->deadline_ns < next ? thread->links[i]->deadline_ns : next;
    if (next == RELAY_NEVER)
        return -1;
    int64_t left = (next - clock_now()) / (1000 * 1000) + 1;
    return left < 0 ? 0 : (int)(left > INT32_MAX ? INT32_MAX : left);
}

static void turn(void *context)
{
    struct relay_thread *thread = context;
    struct pollfd polls[1 + RELAY_LINKS_MAX];
    nfds_t watched = 0;
    relay_thread_serve(thread);
    for (unsigned i = 0; i < thread->link_count; i++) {
        const struct relay_link *link = thread->links[i];
        if (link->descriptor >= 0)
            polls[++watched] = (struct pollfd){.fd = link->descriptor, .events = link->interest};
    }
    worker_wait(&thread->worker, polls, watched, time_left(thread));
}

int relay_thread_start(struct relay_thread *thread)
{
    return worker_start(&thread->worker, "relay", turn, thread);
}

void relay_thread_stop(struct relay_thread *thread)
{
    worker_stop(&thread->worker);
}

void relay_thread_free(struct relay_thread *thread)
{
    if (thread->requests.slots != NULL && thread->released.slots != NULL) {
        take_requests(thread);
        relay_thread_collect(thread);
    }
    for (unsigned i = 0; i < thread->link_count; i++)
        thread->links[i]->work->free(thread->links[i]);
    queue_free(&thread->requests);
    queue_free(&thread->released);
    events_free(&thread->events);
    worker_free(&thread->worker);
}
