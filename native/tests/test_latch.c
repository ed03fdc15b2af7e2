/* Where a far end is believed to be, and who doesn't get its voice. */
#include "check.h"
#include "latch.h"

enum { MS = 1000 * 1000, START = 7 };

static const char NAMED[] = "192.0.2.1", NAT[] = "198.51.100.9", STRANGER[] = "203.0.113.5";

static struct latch latch;

static union address at(const char *host, uint16_t port)
{
    union address address;
    CHECK_EQUAL(address_parse(&address, host, port), 0);
    return address;
}

static void begin(void)
{
    union address named = at(NAMED, 5000);
    latch = (struct latch){0};
    latch_name(&latch, &named, START);
}

static bool accepted(const char *host, uint16_t port, uint16_t sequence, int64_t after_ms)
{
    bool changed = false;
    union address source = at(host, port);
    struct rtp_packet packet = {.ssrc = 9, .sequence = sequence};
    bool result = latch_accept(&latch, &source, &packet, START + after_ms * MS, &changed);
    CHECK(!changed || address_equal(latch_address(&latch), &source));
    return result;
}

static bool sends_to(const char *host, uint16_t port)
{
    union address wanted = at(host, port);
    return address_equal(latch_address(&latch), &wanted);
}

static void test_the_named_address_is_believed_at_once(void)
{
    begin();
    CHECK(sends_to(NAMED, 5000));
    CHECK(accepted(NAMED, 5000, 1, 0));
    CHECK(!accepted(STRANGER, 5000, 2, 1000));
    CHECK(sends_to(NAMED, 5000));
}

static void test_a_far_end_behind_a_nat_is_found(void)
{
    begin();
    for (uint16_t i = 0; i < 10; i++) {
        CHECK(!accepted(NAT, 1234, i, 20 * i));
        CHECK(sends_to(NAMED, 5000));
    }
    CHECK(accepted(NAT, 1234, 10, 200));
    CHECK(sends_to(NAT, 1234));
    CHECK(accepted(NAT, 1234, 30, 600));
    CHECK(!accepted(STRANGER, 1, 1, 5000));
}

static void test_a_quick_stranger_gets_nothing(void)
{
    begin();
    for (uint16_t i = 0; i < 100; i++)
        CHECK(!accepted(STRANGER, 1, i, 1));
    CHECK(accepted(NAMED, 5000, 1, 40));
    for (uint16_t i = 100; i < 200; i++)
        CHECK(!accepted(STRANGER, 1, i, 400));
    CHECK(sends_to(NAMED, 5000));
}

static void test_what_is_no_run_latches_nothing(void)
{
    begin();
    for (uint16_t i = 0; i < 100; i++) {
        CHECK(!accepted(STRANGER, (uint16_t)(1 + i), i, 1000));      /* from everywhere */
        CHECK(!accepted(STRANGER, 1, (uint16_t)(100 * i), 1000));    /* of nothing coherent */
    }
    CHECK(sends_to(NAMED, 5000));
}

static void test_the_named_address_takes_the_latch_back(void)
{
    begin();
    for (uint16_t i = 0; i < 20; i++)
        accepted(STRANGER, 1, i, 300);
    CHECK(sends_to(STRANGER, 1));
    CHECK(accepted(NAMED, 5000, 1, 5000));
    CHECK(sends_to(NAMED, 5000));
    CHECK(!accepted(STRANGER, 1, 20, 5001));
}

static void test_a_new_name_begins_anew_and_the_same_does_not(void)
{
    union address named = at(NAMED, 5000), other = at(NAMED, 6000);
    begin();
    for (uint16_t i = 0; i < 20; i++)
        accepted(NAT, 1234, i, 300);
    latch_name(&latch, &named, START + 400 * MS);
    CHECK(sends_to(NAT, 1234));
    latch_name(&latch, &other, START + 500 * MS);
    CHECK(sends_to(NAMED, 6000));
    CHECK(!accepted(NAT, 1234, 20, 500));
}

static void test_what_ice_chose_is_believed_alone(void)
{
    union address chosen = at(NAT, 1234), named = at(NAMED, 5000);
    begin();
    CHECK(accepted(NAMED, 5000, 1, 40));
    latch_choose(&latch, &chosen, START + 50 * MS);
    CHECK(sends_to(NAT, 1234));
    for (uint16_t i = 0; i < 100; i++)
        CHECK(!accepted(NAMED, 5000, i, 400));
    CHECK(!latch_possible(&latch, &named) && latch_possible(&latch, &chosen));
    CHECK(accepted(NAT, 1234, 1, 500));
    latch_name(&latch, &chosen, START + 600 * MS);
    CHECK(accepted(NAMED, 5000, 1, 700) == false && latch_possible(&latch, &named));
}

int main(void)
{
    test_the_named_address_is_believed_at_once();
    test_a_far_end_behind_a_nat_is_found();
    test_a_quick_stranger_gets_nothing();
    test_what_is_no_run_latches_nothing();
    test_the_named_address_takes_the_latch_back();
    test_a_new_name_begins_anew_and_the_same_does_not();
    test_what_ice_chose_is_believed_alone();
    return 0;
}
