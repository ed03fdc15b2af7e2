/* When packets came: by the kernel's own time of arrival, unless somebody has set the wall clock meanwhile. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "packet_port.h"

enum { MS = 1000 * 1000, SECOND = 1000 * MS, WAITING_MS = 50, TRIES = 40 };

static struct packet_batch batch;

static void test_small_steps_of_the_clock_are_slewing(void)
{
    int64_t now = 7LL * SECOND, wall = 1000LL * SECOND;
    packet_batch_init(&batch);
    packet_batch_clock(&batch, now, wall);
    CHECK(packet_batch_clock(&batch, now + 20 * MS, wall + 20 * MS));
    CHECK(packet_batch_clock(&batch, now + 40 * MS, wall + 41 * MS));
    CHECK(packet_batch_clock(&batch, now + 60 * MS, wall + 60 * MS));
}

static void test_a_clock_that_is_set_is_believed_again_after_it(void)
{
    int64_t now = 7LL * SECOND, wall = 1000LL * SECOND;
    const int64_t steps[] = {20 * MS, 3LL * SECOND, 7200LL * SECOND, 1700000000LL * SECOND};
    packet_batch_init(&batch);
    packet_batch_clock(&batch, now, wall);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        CHECK(!packet_batch_clock(&batch, now + 20 * MS, wall + 20 * MS + steps[i]));
        CHECK(packet_batch_clock(&batch, now + 40 * MS, wall + 40 * MS + steps[i]));
        CHECK(!packet_batch_clock(&batch, now + 60 * MS, wall + 60 * MS));
        CHECK(packet_batch_clock(&batch, now + 80 * MS, wall + 80 * MS));
    }
}

/* The moment a packet is said to have come that waited in its socket for a while before `port` received it. */
static int64_t arrival_of_one(struct packet_port *port, int sender)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port->ports[COMPONENT_RTP])};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQUAL(sendto(sender, "one", 3, 0, (const struct sockaddr *)&to, sizeof to), 3);
    struct timespec waiting = {.tv_nsec = WAITING_MS * MS};
    nanosleep(&waiting, NULL);
    CHECK_EQUAL(packet_port_receive(port, COMPONENT_RTP, &batch), 1);
    return batch.packets[0].arrival_ns;
}

static void test_a_packet_came_when_the_kernel_says_unless_the_clock_was_set(void)
{
    struct packet_port port = {0};
    int sender = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(sender >= 0);
    packet_batch_init(&batch);
    CHECK_EQUAL(packet_port_open(&port, "127.0.0.1", 43100, 43199, 0), 0);
    /* The kernel begins to stamp a while after it was first asked to. */
    int64_t sent = 0, arrival = 0;
    for (int i = 0; i < TRIES && arrival >= sent + WAITING_MS * MS / 2 * (i > 0); i++) {
        sent = clock_now();
        arrival = arrival_of_one(&port, sender);
    }
    CHECK_BETWEEN(arrival, sent, clock_now() - WAITING_MS * MS);
    const int64_t steps[] = {-3LL * SECOND, 3LL * SECOND};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        sent = clock_now();
        batch.wall_offset_ns += steps[i];
        CHECK_BETWEEN(arrival_of_one(&port, sender), sent + WAITING_MS * MS, clock_now());
    }
    packet_port_close(&port);
    close(sender);
}

int main(void)
{
    test_small_steps_of_the_clock_are_slewing();
    test_a_clock_that_is_set_is_believed_again_after_it();
    test_a_packet_came_when_the_kernel_says_unless_the_clock_was_set();
    return 0;
}
