/* A worker among threads that wake it: nothing left for it is forgotten, and it stops whatever it is doing. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "worker.h"

enum { WAKERS = 3, THINGS_EACH = 2000, STARTS = 200 };

static const int64_t LIMIT_NS = 20LL * 1000 * 1000 * 1000;

struct desk {
    struct worker worker;
    int descriptor;                     /* watched; -1: none */
    int timeout_ms;
    atomic_int waiting, done, turns, readable;
};

static void pause_us(long microseconds)
{
    struct timespec time = {.tv_nsec = microseconds * 1000};
    nanosleep(&time, NULL);
}

static void turn(void *context)
{
    struct desk *desk = context;
    struct pollfd polls[2] = {[1] = {.fd = desk->descriptor, .events = POLLIN}};
    uint64_t count;
    atomic_fetch_add(&desk->turns, 1);
    if (desk->descriptor >= 0 && read(desk->descriptor, &count, sizeof count) > 0)
        atomic_fetch_add(&desk->readable, 1);
    atomic_fetch_add(&desk->done, atomic_exchange(&desk->waiting, 0));
    worker_wait(&desk->worker, polls, desk->descriptor >= 0 ? 1 : 0, desk->timeout_ms);
}

static void open_desk(struct desk *desk, int descriptor, int timeout_ms)
{
    *desk = (struct desk){.descriptor = descriptor, .timeout_ms = timeout_ms};
    CHECK_EQUAL(worker_init(&desk->worker), 0);
}

static void start(struct desk *desk)
{
    CHECK_EQUAL(worker_start(&desk->worker, "desk", turn, desk), 0);
}

static void await(const atomic_int *count, int least)
{
    int64_t end = clock_now() + LIMIT_NS;
    while (atomic_load(count) < least) {
        CHECK(clock_now() < end);
        pause_us(100);
    }
}

static void *bring(void *context)
{
    struct desk *desk = context;
    for (int i = 0; i < THINGS_EACH; i++) {
        atomic_fetch_add(&desk->waiting, 1);
        worker_wake(&desk->worker);
        if (i % 64 == 0)
            pause_us(50);               /* long enough for it to fall asleep between */
    }
    return NULL;
}

static void test_nothing_left_for_it_is_forgotten(void)
{
    struct desk desk;
    pthread_t wakers[WAKERS];
    open_desk(&desk, -1, -1);
    start(&desk);
    for (int i = 0; i < WAKERS; i++)
        CHECK_EQUAL(pthread_create(&wakers[i], NULL, bring, &desk), 0);
    await(&desk.done, WAKERS * THINGS_EACH);
    for (int i = 0; i < WAKERS; i++)
        pthread_join(wakers[i], NULL);
    worker_stop(&desk.worker);
    worker_free(&desk.worker);
}

static void test_it_watches_a_descriptor_and_the_time(void)
{
    struct desk desk;
    int descriptor = eventfd(0, EFD_NONBLOCK);
    uint64_t one = 1;
    open_desk(&desk, descriptor, -1);
    start(&desk);
    await(&desk.turns, 1);
    CHECK_EQUAL(write(descriptor, &one, sizeof one), sizeof one);
    await(&desk.readable, 1);
    worker_stop(&desk.worker);
    worker_free(&desk.worker);
    open_desk(&desk, -1, 1);
    start(&desk);
    await(&desk.turns, 3);              /* nobody wakes it */
    worker_stop(&desk.worker);
    worker_free(&desk.worker);
    close(descriptor);
}

static void test_it_stops_at_any_moment(void)
{
    for (int i = 0; i < STARTS; i++) {
        struct desk desk;
        open_desk(&desk, -1, -1);
        start(&desk);
        pause_us(i % 20 * 10);
        worker_stop(&desk.worker);
        worker_stop(&desk.worker);      /* no error */
        worker_free(&desk.worker);
    }
}

static void test_one_that_never_started_is_freed(void)
{
    struct desk desk;
    open_desk(&desk, -1, -1);
    worker_stop(&desk.worker);
    worker_free(&desk.worker);
}

int main(void)
{
    test_nothing_left_for_it_is_forgotten();
    test_it_watches_a_descriptor_and_the_time();
    test_it_stops_at_any_moment();
    test_one_that_never_started_is_freed();
    return 0;
}
