/* RTCP: what we build is what RFC 3550 section 6 draws; what peers may do wrong is refused. */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "rtcp.h"

static struct rtcp_compound full(void)
{
    struct rtcp_compound compound = {
        .ssrc = 0x11223344,
        .has_sender_info = true,
        .sender = {.ntp = 0x0102030405060708u, .rtp_timestamp = 160, .packets = 50, .octets = 8000},
        .block_count = 1,
        .blocks = {{.ssrc = 5, .fraction_lost = 64, .cumulative_lost = -2, .highest_sequence = 0x10007, .jitter = 9,
                    .last_sr = 0xaabbccdd, .delay_since_last_sr = 65536}},
        .bye_count = 1,
        .byes = {0x11223344},
    };
    strcpy(compound.cname, "phone@192.0.2.1");
    strcpy(compound.reason, "hung up");
    return compound;
}

static void test_bytes_on_the_wire(void)
{
    struct rtcp_compound compound = full();
    uint8_t buffer[RTCP_PACKET_MAX];
    size_t size = rtcp_build(buffer, sizeof buffer, &compound);
    CHECK_EQUAL(size, 52 + 28 + 16);
    CHECK(memcmp(buffer, (const uint8_t[]){0x81, 200, 0, 12, 0x11, 0x22, 0x33, 0x44, 1, 2, 3, 4, 5, 6, 7, 8}, 16) == 0);
    CHECK(memcmp(buffer + 32, (const uint8_t[]){64, 0xff, 0xff, 0xfe}, 4) == 0);
    CHECK(memcmp(buffer + 52, (const uint8_t[]){0x81, 202, 0, 6, 0x11, 0x22, 0x33, 0x44, 1, 15, 'p', 'h'}, 12) == 0);
    CHECK(memcmp(buffer + 80, (const uint8_t[]){0x81, 203, 0, 3, 0x11, 0x22, 0x33, 0x44, 7, 'h', 'u', 'n', 'g'}, 13) == 0);
}

/* The VoIP metrics block as RFC 3611, 4.7, draws it. */
static void test_extended_report(void)
{
    struct rtcp_compound compound = {
        .ssrc = 0x11223344,
        .metrics_count = 1,
        .metrics = {{.ssrc = 5, .values = {
            .loss_rate = 1, .discard_rate = 2, .burst_density = 3, .gap_density = 4, .burst_ms = 0x0506, .gap_ms = 0x0708,
            .round_trip_ms = 0x090a, .end_system_delay_ms = 0x0b0c, .signal_level = -18, .noise_level = -60,
            .echo_return_loss = 55, .gap_threshold = 16, .rating = 93, .external_rating = 127, .mos_lq = 44, .mos_cq = 43,
            .receiver_configuration = 0xf0, .buffer_nominal_ms = 40, .buffer_maximum_ms = 80, .buffer_limit_ms = 500}}},
    }, again;
    const uint8_t expected[] = {
        0x80, 207, 0, 10, 0x11, 0x22, 0x33, 0x44, 7, 0, 0, 8, 0, 0, 0, 5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
        0xee, 0xc4, 55, 16, 93, 127, 44, 43, 0xf0, 0, 0, 40, 0, 80, 1, 0xf4,
    };
    uint8_t buffer[RTCP_PACKET_MAX];
    size_t size = rtcp_build(buffer, sizeof buffer, &compound);
    CHECK_EQUAL(size, 8 + sizeof expected);
    CHECK(memcmp(buffer + 8, expected, sizeof expected) == 0);
    CHECK_EQUAL(rtcp_parse(&again, buffer, size), 0);
    CHECK(memcmp(&again, &compound, sizeof again) == 0);
    CHECK_EQUAL(rtcp_parse(&again, expected, sizeof expected), 0);     /* alone, RFC 5506 */
    CHECK_EQUAL(again.metrics_count, 1);
}

/* Blocks we don't know are passed over; a broken one silences its packet and nothing else; no more are kept than there is room for. */
static void test_other_extended_reports(void)
{
    struct rtcp_compound out;
    uint8_t xr[8 + 8 + 36] = {0x80, 207, 0, 12, 0, 0, 0, 1, 4, 0, 0, 1, 9, 9, 9, 9, 7, 0, 0, 8, 0, 0, 0, 5};
    CHECK_EQUAL(rtcp_parse(&out, xr, sizeof xr), 0);
    CHECK_EQUAL(out.metrics_count, 1);
    xr[11] = 2;                                                        /* the first block now ends inside the second */
    CHECK_EQUAL(rtcp_parse(&out, xr, sizeof xr), 0);
    CHECK_EQUAL(out.metrics_count, 0);
    xr[11] = 1;
    xr[19] = 9;                                                        /* longer than its packet */
    CHECK_EQUAL(rtcp_parse(&out, xr, sizeof xr), 0);
    CHECK_EQUAL(out.metrics_count, 0);
    uint8_t cut[8 + 36 + 8] = {0x80, 207, 0, 12, 0, 0, 0, 1, 7, 0, 0, 8, 0, 0, 0, 5, [44] = 7, [47] = 8};
    CHECK_EQUAL(rtcp_parse(&out, cut, sizeof cut), 0);                 /* a whole one before one that is cut */
    CHECK_EQUAL(out.metrics_count, 0);
    CHECK_EQUAL(out.metrics[0].ssrc, 0);                               /* nothing of it is left */
    uint8_t many[8 + 6 * 36] = {0x80, 207, 0, 1 + 6 * 9};
    for (unsigned i = 0; i < 6; i++)
        memcpy(many + 8 + 36 * i, (const uint8_t[]){7, 0, 0, 8}, 4);
    CHECK_EQUAL(rtcp_parse(&out, many, sizeof many), 0);
    CHECK_EQUAL(out.metrics_count, RTCP_METRICS_MAX);
}

static void test_round_trip(void)
{
    struct rtcp_compound compound = full(), again;
    uint8_t buffer[RTCP_PACKET_MAX];
    for (size_t length = 0; length <= 20; length++) {
        memset(compound.cname, 0, sizeof compound.cname);
        memset(compound.cname, 'c', length);
        size_t size = rtcp_build(buffer, sizeof buffer, &compound);
        CHECK(size > 0 && size % 4 == 0);
        CHECK_EQUAL(rtcp_parse(&again, buffer, size), 0);
        CHECK(memcmp(&again, &compound, sizeof again) == 0);
        CHECK_EQUAL(rtcp_build(buffer, size - 1, &compound), 0);
    }
}

static void test_lost_is_saturated(void)
{
    struct rtcp_compound compound = {.ssrc = 1, .block_count = 2,
                                     .blocks = {{.cumulative_lost = 0x1000000}, {.cumulative_lost = -0x1000000}}};
    struct rtcp_compound again;
    uint8_t buffer[RTCP_PACKET_MAX];
    size_t size = rtcp_build(buffer, sizeof buffer, &compound);
    CHECK_EQUAL(rtcp_parse(&again, buffer, size), 0);
    CHECK_EQUAL(again.blocks[0].cumulative_lost, 0x7fffff);
    CHECK_EQUAL(again.blocks[1].cumulative_lost, -0x800000);
}

/* Cut at any byte, the compound is refused: lengths must add up to the datagram. */
static void test_truncated(void)
{
    struct rtcp_compound compound = full(), again;
    uint8_t buffer[RTCP_PACKET_MAX];
    size_t size = rtcp_build(buffer, sizeof buffer, &compound);
    for (size_t cut = 0; cut < size; cut++) {
        int expected = cut == 52 || cut == 80 ? 0 : -EBADMSG;    /* after whole packets it is a shorter compound */
        CHECK_EQUAL(rtcp_parse(&again, buffer, cut), expected);
    }
}

static void test_refused(void)
{
    struct rtcp_compound out;
    CHECK_EQUAL(rtcp_parse(&out, (const uint8_t[]){0x40, 201, 0, 1, 0, 0, 0, 1}, 8), -EBADMSG);      /* version 1 */
    CHECK_EQUAL(rtcp_parse(&out, (const uint8_t[]){0x81, 203, 0, 1, 0, 0, 0, 1}, 8), -EBADMSG);      /* BYE alone */
    CHECK_EQUAL(rtcp_parse(&out, (const uint8_t[]){0x81, 201, 0, 1, 0, 0, 0, 1}, 8), -EBADMSG);      /* a block that isn't there */
    CHECK_EQUAL(rtcp_parse(&out, (const uint8_t[]){0x80, 201, 0xff, 0xff, 0, 0, 0, 1}, 8), -EBADMSG);
    CHECK_EQUAL(rtcp_parse(&out, (const uint8_t[]){0xa0, 201, 0, 1, 0, 0, 0, 1, 0x80, 201, 0, 1, 0, 0, 0, 1}, 16),
                -EBADMSG);                                                                           /* padding not in the last */
    CHECK_EQUAL(rtcp_parse(&out, (const uint8_t[]){0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 9}, 12), -EBADMSG);
}

static void test_accepted(void)
{
    struct rtcp_compound out;
    CHECK_EQUAL(rtcp_parse(&out, (const uint8_t[]){0x80, 201, 0, 1, 0, 0, 0, 7}, 8), 0);
    CHECK_EQUAL(out.ssrc, 7);
    CHECK_EQUAL(rtcp_parse(&out, (const uint8_t[]){0xa0, 201, 0, 2, 0, 0, 0, 7, 0, 0, 0, 4}, 12), 0);
    const uint8_t with_app[] = {0x80, 201, 0, 1, 0, 0, 0, 7, 0x80, 204, 0, 2, 0, 0, 0, 7, 'a', 'b', 'c', 'd'};
    CHECK_EQUAL(rtcp_parse(&out, with_app, sizeof with_app), 0);
    /* APP alone opens a NAT, feedback alone is RFC 5506: neither is of use, neither is wrong. */
    const uint8_t app[] = {0x80, 204, 0, 2, 0, 0, 0, 7, 'P', 'I', 'N', 'G'};
    CHECK_EQUAL(rtcp_parse(&out, app, sizeof app), 0);
    CHECK_EQUAL(out.ssrc, 0);
    const uint8_t app_then_bye[] = {0x80, 204, 0, 2, 0, 0, 0, 7, 'P', 'I', 'N', 'G', 0x81, 203, 0, 1, 0, 0, 0, 7};
    CHECK_EQUAL(rtcp_parse(&out, app_then_bye, sizeof app_then_bye), -EBADMSG);
    /* A CNAME of somebody else is none of the sender's. */
    const uint8_t other[] = {0x80, 201, 0, 1, 0, 0, 0, 7, 0x81, 202, 0, 2, 0, 0, 0, 8, 1, 1, 'x', 0};
    CHECK_EQUAL(rtcp_parse(&out, other, sizeof other), 0);
    CHECK_EQUAL(out.cname[0], 0);
}

static void test_more_blocks_than_kept(void)
{
    uint8_t data[8 + 24 * 31] = {0x80 | 31, 201, 0, 1 + 6 * 31};
    struct rtcp_compound out;
    CHECK_EQUAL(rtcp_parse(&out, data, sizeof data), 0);
    CHECK_EQUAL(out.block_count, RTCP_BLOCKS_MAX);
}

int main(void)
{
    test_bytes_on_the_wire();
    test_extended_report();
    test_other_extended_reports();
    test_round_trip();
    test_lost_is_saturated();
    test_truncated();
    test_refused();
    test_accepted();
    test_more_blocks_than_kept();
    return 0;
}
