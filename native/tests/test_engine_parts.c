/* Small parts of the engine: lateness histogram, addresses, meters, queue limits. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "check.h"
#include "lateness.h"
#include "level.h"
#include "queue.h"

static void test_percentiles_lie_within_an_eighth(void)
{
    static struct lateness lateness;
    for (int microseconds = 1; microseconds <= 100000; microseconds++)
        lateness_add(&lateness, microseconds * 1000LL);
    CHECK_BETWEEN(lateness_percentile(&lateness, 0.5), 50000, 50000 * 1.13);
    CHECK_BETWEEN(lateness_percentile(&lateness, 0.99), 99000, 100000);
    CHECK_BETWEEN(lateness_percentile(&lateness, 1), 100000, 100000);
    CHECK_EQUAL(lateness.max_ns, 100000 * 1000LL);
}

static void test_lateness_takes_any_number(void)
{
    static struct lateness lateness;
    CHECK_BETWEEN(lateness_percentile(&lateness, 0.5), 0, 0);
    lateness_add(&lateness, -5);
    lateness_add(&lateness, 0);
    CHECK_BETWEEN(lateness_percentile(&lateness, 1), 0, 0);
    lateness_add(&lateness, INT64_MAX);
    CHECK_EQUAL(lateness.count, 3);
    CHECK_BETWEEN(lateness_percentile(&lateness, 0.3), 0, 1);
}

static void test_addresses(void)
{
    union address a, b;
    char text[64];
    CHECK_EQUAL(address_parse(&a, "192.0.2.7", 5004), 0);
    CHECK_EQUAL(address_parse(&b, "192.0.2.7", 5006), 0);
    CHECK(address_same_host(&a, &b) && !address_equal(&a, &b));
    address_set_port(&b, 5004);
    CHECK(address_equal(&a, &b));
    CHECK_EQUAL(address_parse(&b, "2001:db8::7", 5004), 0);
    CHECK(!address_same_host(&a, &b));
    CHECK_EQUAL(address_port(&b), 5004);
    address_format(&b, text, sizeof text);
    CHECK_EQUAL(strcmp(text, "2001:db8::7"), 0);
    CHECK_EQUAL(address_parse(&a, "phone.example", 1), -EINVAL);
    CHECK_EQUAL(address_parse(&a, "300.1.1.1", 1), -EINVAL);
}

static void test_meter(void)
{
    struct level level;
    int16_t frame[MEDIA_FRAME_SAMPLES];
    level_init(&level);
    CHECK_BETWEEN(level_take(&level), -127, -127);
    for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++)
        frame[i] = i % 2 != 0 ? INT16_MIN : INT16_MAX;
    level_add(&level, frame);
    CHECK_BETWEEN(level_take(&level), -0.01, 0);
    CHECK_BETWEEN(level_take(&level), -0.01, 0);
}

static void test_queue_limits(void)
{
    struct queue *queue = aligned_alloc(CACHE_LINE, sizeof *queue);
    int item = 0;
    CHECK(queue != NULL);
    CHECK_EQUAL(queue_init(queue, 3, sizeof item), -EINVAL);
    CHECK_EQUAL(queue_init(queue, 4, sizeof item), 0);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 4; i++)
            CHECK(queue_push(queue, &i));
        CHECK(!queue_push(queue, &item));
        CHECK_EQUAL(queue_count(queue), 4);
        for (int i = 0; i < 4; i++) {
            CHECK(queue_pop(queue, &item));
            CHECK_EQUAL(item, i);
        }
        CHECK(!queue_pop(queue, &item));
    }
    queue_free(queue);
    free(queue);
}

int main(void)
{
    test_percentiles_lie_within_an_eighth();
    test_lateness_takes_any_number();
    test_addresses();
    test_meter();
    test_queue_limits();
    return 0;
}
