/* The relay thread between a media thread and a controlling one: links come and go while packets pass, a deadline and a descriptor
 * are served, and every link that was made is freed. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "memory.h"
#include "relay_thread.h"

enum { LINKS = 200, PACKETS_EACH = 20, RING = 8, WAIT_LIMIT = 20000 };

struct echo {
    struct relay_link link;
    int64_t alarm_ns;
};

static struct relay_thread relay;
static int descriptor;
static atomic_int freed, alarms, readable;

static void pause_ms(long milliseconds)
{
    struct timespec time = {.tv_nsec = milliseconds * 1000 * 1000};
    nanosleep(&time, NULL);
}

/* Sends back what comes, and tells once when its time has come and whenever its descriptor can be read. */
static void serve(struct relay_link *link, struct events *events, int64_t now_ns)
{
    struct echo *echo = (struct echo *)link;
    struct packet *packet;
    uint64_t count;
    while ((packet = queue_front(&link->incoming)) != NULL) {
        packet->data[0]++;
        queue_push(&link->outgoing, packet);
        queue_release(&link->incoming);
    }
    if (link->descriptor >= 0 && read(link->descriptor, &count, sizeof count) > 0)
        events_emit(events, MEDIA_EVENT_STARTED, link->stream, 0, 0);
    if (now_ns >= echo->alarm_ns) {
        echo->alarm_ns = RELAY_NEVER;
        events_emit(events, MEDIA_EVENT_BYE, link->stream, 0, 0);
    }
    link->deadline_ns = echo->alarm_ns;
}

static void free_echo(struct relay_link *link)
{
    relay_link_close(link);
    free(link);
    atomic_fetch_add(&freed, 1);
}

static const struct relay_work work = {serve, free_echo};

static struct relay_link *new_echo(int number)
{
    struct echo *echo = memory_new(sizeof *echo);
    CHECK(echo != NULL);
    CHECK_EQUAL(relay_link_init(&echo->link, &work, number, RING), 0);
    CHECK_EQUAL(relay_thread_admit(&relay), 0);
    echo->alarm_ns = clock_now() + 5 * 1000 * 1000;
    if (number == 0) {
        echo->link.descriptor = descriptor;
        echo->link.interest = 1;
    }
    return &echo->link;
}

/* Stands for both threads at the border; what they share with the relay thread is the same. */
static void collect(void)
{
    struct media_event event;
    relay_thread_collect(&relay);
    while (queue_pop(&relay.events.queue, &event)) {
        atomic_fetch_add(&alarms, event.kind == MEDIA_EVENT_BYE);
        atomic_fetch_add(&readable, event.kind == MEDIA_EVENT_STARTED);
    }
}

static void converse(struct relay_link *link)
{
    struct packet packet = {.size = 3};
    for (int i = 0; i < PACKETS_EACH; i++) {
        const struct packet *back = NULL;
        packet.data[0] = (uint8_t)i;
        CHECK(relay_link_put(link, &packet));
        relay_thread_flush(&relay);
        for (int waited = 0; waited < WAIT_LIMIT && (back = queue_front(&link->outgoing)) == NULL; waited++)
            pause_ms(1);
        CHECK(back != NULL);
        CHECK_EQUAL(back->size, 3);
        CHECK_EQUAL(back->data[0], i + 1);
        queue_release(&link->outgoing);
    }
}

static void until(atomic_int *counter, int wanted)
{
    for (int waited = 0; waited < WAIT_LIMIT && atomic_load(counter) < wanted; waited++) {
        collect();
        pause_ms(1);
    }
    CHECK_EQUAL(atomic_load(counter), wanted);
}

static void test_links_come_and_go(void)
{
    for (int i = 0; i < LINKS; i++) {
        struct relay_link *link = new_echo(1 + i);
        relay_thread_begin(&relay, link);
        if (i % 20 == 0)
            converse(link);
        relay_thread_end(&relay, link);
        relay_thread_flush(&relay);
        collect();
    }
    until(&freed, LINKS);
    CHECK_EQUAL(relay.living, 0);
}

static void test_deadlines_and_descriptors_are_served(void)
{
    uint64_t one = 1;
    struct relay_link *link = new_echo(0);
    atomic_store(&alarms, 0);
    relay_thread_begin(&relay, link);
    relay_thread_flush(&relay);
    until(&alarms, 1);
    CHECK_EQUAL(write(descriptor, &one, sizeof one), sizeof one);
    until(&readable, 1);
}

static void test_a_full_ring_is_told(void)
{
    struct packet packet = {.size = 1};
    struct relay_link *link = new_echo(3);
    link->thread = &relay;
    for (int i = 0; i < RING; i++)
        CHECK(relay_link_put(link, &packet));
    CHECK(!relay_link_put(link, &packet));
    relay_thread_dismiss(&relay, link);
}

static void test_there_is_a_limit(void)
{
    unsigned before = relay.living;
    while (relay_thread_admit(&relay) == 0)
        ;
    CHECK_EQUAL(relay.living, RELAY_LINKS_MAX);
    CHECK_EQUAL(relay_thread_admit(&relay), -EMFILE);
    relay.living = before;
}

int main(void)
{
    int event_descriptor = eventfd(0, EFD_NONBLOCK);
    descriptor = eventfd(0, EFD_NONBLOCK);
    CHECK_EQUAL(relay_thread_init(&relay, event_descriptor), 0);
    CHECK_EQUAL(relay_thread_start(&relay), 0);
    test_links_come_and_go();
    test_deadlines_and_descriptors_are_served();
    test_a_full_ring_is_told();
    test_there_is_a_limit();
    relay_thread_stop(&relay);
    int before = atomic_load(&freed);
    relay_thread_free(&relay);      /* one link lives on until here */
    CHECK_EQUAL(atomic_load(&freed), before + 1);
    return 0;
}
