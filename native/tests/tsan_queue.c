/* The queue, the sample ring and the snapshot between two threads: nothing lost, nothing torn, no race. */
#include <pthread.h>
#include <string.h>

#include "check.h"
#include "queue.h"
#include "sample_ring.h"
#include "snapshot.h"

enum { ITEMS = 200000 };

struct item {
    unsigned number;
    unsigned copies[15];
};

static struct queue queue;
static struct sample_ring ring;
static struct snapshot snapshot;

static void *produce_items(void *unused)
{
    (void)unused;
    for (unsigned number = 0; number < ITEMS; number++) {
        struct item item = {.number = number};
        for (int i = 0; i < 15; i++)
            item.copies[i] = number;
        while (!queue_push(&queue, &item))
            ;
    }
    return NULL;
}

static void test_queue_keeps_order_and_content(void)
{
    pthread_t producer;
    struct item item;
    CHECK_EQUAL(queue_init(&queue, 64, sizeof item), 0);
    CHECK_EQUAL(pthread_create(&producer, NULL, produce_items, NULL), 0);
    for (unsigned number = 0; number < ITEMS; number++) {
        while (!queue_pop(&queue, &item))
            ;
        CHECK_EQUAL(item.number, number);
        for (int i = 0; i < 15; i++)
            CHECK_EQUAL(item.copies[i], number);
    }
    pthread_join(producer, NULL);
    CHECK_EQUAL(queue_count(&queue), 0);
    queue_free(&queue);
}

static void *produce_samples(void *unused)
{
    (void)unused;
    int16_t samples[100];
    for (unsigned made = 0; made < ITEMS;) {
        unsigned count = 1 + made % 100;
        for (unsigned i = 0; i < count; i++)
            samples[i] = (int16_t)(made + i);
        made += (unsigned)sample_ring_put(&ring, samples, count);
    }
    return NULL;
}

static void test_ring_keeps_every_sample(void)
{
    pthread_t producer;
    int16_t samples[77];
    CHECK_EQUAL(sample_ring_init(&ring, 256), 0);
    CHECK_EQUAL(pthread_create(&producer, NULL, produce_samples, NULL), 0);
    for (unsigned taken = 0; taken < ITEMS;) {
        unsigned count = (unsigned)sample_ring_get(&ring, samples, 77);
        for (unsigned i = 0; i < count; i++)
            CHECK_EQUAL(samples[i], (int16_t)(taken + i));
        taken += count;
    }
    pthread_join(producer, NULL);
    sample_ring_free(&ring);
}

static void *publish(void *unused)
{
    (void)unused;
    uint64_t words[40];
    for (uint64_t number = 1; number <= ITEMS; number++) {
        for (int i = 0; i < 40; i++)
            words[i] = number;
        snapshot_write(&snapshot, words, sizeof words);
    }
    return NULL;
}

static void test_snapshot_is_never_torn(void)
{
    pthread_t writer;
    uint64_t words[40] = {0};
    CHECK_EQUAL(pthread_create(&writer, NULL, publish, NULL), 0);
    for (uint64_t last = 0; last < ITEMS; last = words[0]) {
        snapshot_read(&snapshot, words, sizeof words);
        CHECK(words[0] >= last);
        for (int i = 1; i < 40; i++)
            CHECK_EQUAL(words[i], words[0]);
    }
    pthread_join(writer, NULL);
}

int main(void)
{
    test_queue_keeps_order_and_content();
    test_ring_keeps_every_sample();
    test_snapshot_is_never_torn();
    return 0;
}
