/* RFC 4733: what a digit looks like on the wire, and what a receiver makes of losses and repetitions. */
#include "check.h"
#include "telephone_event.h"
#include "wire.h"

static struct telephone_event_sender sender;
static struct telephone_event_receiver receiver;
static struct telephone_event_digit_received digit;

static void test_names(void)
{
    CHECK_EQUAL(telephone_event_code('0'), 0);
    CHECK_EQUAL(telephone_event_code('*'), 10);
    CHECK_EQUAL(telephone_event_code('#'), 11);
    CHECK_EQUAL(telephone_event_code('d'), 15);
    CHECK_EQUAL(telephone_event_code('E'), -1);
    CHECK_EQUAL(telephone_event_code('\0'), -1);
    CHECK_EQUAL(telephone_event_digit(11), '#');
    CHECK_EQUAL(telephone_event_digit(16), 0);
}

/* 100 ms at 8 kHz: begin, update after 50 ms, then the end three times; one timestamp, growing duration, one marker. */
static void test_sent_digit(void)
{
    static const struct {
        unsigned tick, duration;
        bool end;
    } EXPECTED[] = {{0, 80, false}, {5, 480, false}, {9, 800, true}, {14, 800, true}, {19, 800, true}};
    struct telephone_event_packet packet;
    unsigned count = 0;
    telephone_event_sender_init(&sender, 8000);
    CHECK(!telephone_event_tick(&sender, 0, &packet));
    CHECK(telephone_event_send(&sender, '5', 100));
    for (unsigned tick = 0; tick < 40; tick++) {
        if (!telephone_event_tick(&sender, 1000 + 80 * tick, &packet)) {
            continue;
        }
        CHECK(count < 5);
        CHECK_EQUAL(tick, EXPECTED[count].tick);
        CHECK_EQUAL(packet.timestamp, 1000);
        CHECK_EQUAL(packet.marker, count == 0);
        CHECK_EQUAL(packet.payload[0], 5);
        CHECK_EQUAL(packet.payload[1], (EXPECTED[count].end ? 0x80 : 0) | 10);
        CHECK_EQUAL(wire_get16(packet.payload + 2), EXPECTED[count].duration);
        count++;
    }
    CHECK_EQUAL(count, 5);
    CHECK(!telephone_event_busy(&sender));
}

static void test_queue_is_limited(void)
{
    telephone_event_sender_init(&sender, 8000);
    CHECK(!telephone_event_send(&sender, 'x', 100));
    for (unsigned i = 0; i < TELEPHONE_EVENT_QUEUE; i++) {
        CHECK(telephone_event_send(&sender, '1', 100));
    }
    CHECK(!telephone_event_send(&sender, '1', 100));
}

/* Every length, at both clocks, through a path that loses every second packet. */
static void test_every_length_arrives(void)
{
    for (unsigned rate = 8000; rate <= 48000; rate += 40000) {
        for (unsigned wanted = 0; wanted <= 1000; wanted += 10) {
            struct telephone_event_packet packet;
            unsigned sent = 0, got = 0;
            telephone_event_sender_init(&sender, rate);
            telephone_event_receiver_init(&receiver, rate);
            CHECK(telephone_event_send(&sender, '#', wanted));
            for (uint32_t tick = 0; tick < 200; tick++) {
                if (telephone_event_tick(&sender, tick * rate / 100, &packet) && sent++ % 2 == 0) {
                    got += telephone_event_receive(&receiver, packet.timestamp, packet.payload, 4, &digit);
                }
            }
            CHECK_EQUAL(got, 1);
            CHECK_EQUAL(digit.digit, '#');
            CHECK_EQUAL(digit.milliseconds, wanted < TELEPHONE_EVENT_MINIMUM_MS ? TELEPHONE_EVENT_MINIMUM_MS : wanted);
        }
    }
}

static bool receive(uint32_t timestamp, uint8_t code, bool end, uint16_t duration)
{
    uint8_t payload[4] = {code, end ? 0x8a : 0x0a};
    wire_put16(payload + 2, duration);
    return telephone_event_receive(&receiver, timestamp, payload, sizeof payload, &digit);
}

static void test_repeated_ends_give_one_digit(void)
{
    telephone_event_receiver_init(&receiver, 8000);
    CHECK(!receive(100, 1, false, 400));
    CHECK(receive(100, 1, true, 800));
    CHECK_EQUAL(digit.digit, '1');
    CHECK_EQUAL(digit.milliseconds, 100);
    CHECK(!receive(100, 1, true, 800));
    CHECK(!receive(100, 1, false, 640));
    CHECK(!telephone_event_expire(&receiver, &digit));
}

/* The same digit again is another digit when its timestamp is another. */
static void test_same_digit_twice(void)
{
    telephone_event_receiver_init(&receiver, 8000);
    CHECK(receive(100, 7, true, 800));
    CHECK(receive(2000, 7, true, 800));
    CHECK(!receive(100, 7, true, 800));
}

static void test_lost_end(void)
{
    telephone_event_receiver_init(&receiver, 8000);
    CHECK(!receive(100, 2, false, 480));
    CHECK(receive(3000, 3, false, 80));
    CHECK_EQUAL(digit.digit, '2');
    unsigned ticks = 0;
    while (!telephone_event_expire(&receiver, &digit)) {
        ticks++;
        CHECK(ticks < 100);
    }
    CHECK_EQUAL(digit.digit, '3');
    CHECK_EQUAL(ticks, TELEPHONE_EVENT_LOST_MS / 10 - 1);
}

/* The only packet of a digit that arrives is its end, while the digit before it never ended: both are told. */
static void test_end_right_after_lost_end(void)
{
    telephone_event_receiver_init(&receiver, 8000);
    CHECK(!receive(100, 2, false, 480));
    CHECK(receive(3000, 3, true, 800));
    CHECK_EQUAL(digit.digit, '2');
    CHECK(receive(3000, 3, true, 800));
    CHECK_EQUAL(digit.digit, '3');
}

static void test_not_ours(void)
{
    telephone_event_receiver_init(&receiver, 8000);
    CHECK(!receive(100, 16, true, 800));
    CHECK(!telephone_event_receive(&receiver, 100, (const uint8_t[]){1, 0x80, 0}, 3, &digit));
}

int main(void)
{
    test_names();
    test_sent_digit();
    test_queue_is_limited();
    test_every_length_arrives();
    test_repeated_ends_give_one_digit();
    test_same_digit_twice();
    test_lost_end();
    test_end_right_after_lost_end();
    test_not_ours();
    return 0;
}
