/* Protected packets as the far end sends them, and as nobody should be able to. */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "srtp.h"
#include "srtp_change.h"
#include "wire.h"

enum { PAYLOAD = 160, HEADER = 12, ROOM = HEADER + PAYLOAD + SRTP_TRAILER_MAX, REPORT = 28, QUARTER_NS = 250000000, SSRC = 0x1234 };

static const unsigned SUITES[] = {
    MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80, MEDIA_SRTP_AES_CM_128_HMAC_SHA1_32, MEDIA_SRTP_AES_192_CM_HMAC_SHA1_80,
    MEDIA_SRTP_AES_192_CM_HMAC_SHA1_32, MEDIA_SRTP_AES_256_CM_HMAC_SHA1_80, MEDIA_SRTP_AES_256_CM_HMAC_SHA1_32,
    MEDIA_SRTP_AEAD_AES_128_GCM,        MEDIA_SRTP_AEAD_AES_256_GCM,
};
enum { SUITE_COUNT = sizeof SUITES / sizeof *SUITES };
static const size_t TAGS[SUITE_COUNT] = {10, 4, 10, 4, 10, 4, 16, 16};
static const uint8_t KEY[MEDIA_SRTP_KEY_BYTES] = "a master key and its salt, that is no secret";

static struct srtp_context *out, *in;
static _Alignas(8) uint8_t packet[ROOM];

static void begin(unsigned suite)
{
    out = srtp_context_new(SRTP_OUTBOUND, suite, KEY, SSRC);
    in = srtp_context_new(SRTP_INBOUND, suite, KEY, 0);
    CHECK(out != NULL && in != NULL);
}

static void end(void)
{
    srtp_context_free(out);
    srtp_context_free(in);
}

static void fill_rtp(uint16_t sequence, uint32_t ssrc)
{
    memset(packet, 0, sizeof packet);
    packet[0] = 0x80;
    wire_put16(packet + 2, sequence);
    wire_put32(packet + 4, sequence * 160u);
    wire_put32(packet + 8, ssrc);
    memset(packet + HEADER, sequence & 0xff, PAYLOAD);
}

static size_t fill_report(void)
{
    memset(packet, 0, sizeof packet);
    packet[0] = 0x80;
    packet[1] = 200;
    wire_put16(packet + 2, REPORT / 4 - 1);
    wire_put32(packet + 4, SSRC);
    return REPORT;
}

static size_t next(uint16_t sequence)
{
    fill_rtp(sequence, SSRC);
    return srtp_protect_packet(out, packet, HEADER + PAYLOAD, false);
}

static enum srtp_verdict take(size_t size, int64_t now_ns)
{
    return srtp_unprotect_packet(in, packet, &size, false, now_ns);
}

static void test_every_suite_both_ways(void)
{
    for (unsigned i = 0; i < SUITE_COUNT; i++) {
        begin(SUITES[i]);
        size_t size = next(7);
        CHECK_EQUAL(size, HEADER + PAYLOAD + TAGS[i]);
        CHECK(packet[HEADER] != 7 || packet[HEADER + 1] != 7);
        CHECK_EQUAL(srtp_unprotect_packet(in, packet, &size, false, 0), SRTP_ACCEPTED);
        CHECK_EQUAL(size, HEADER + PAYLOAD);
        CHECK_EQUAL(packet[HEADER + PAYLOAD - 1], 7);
        size = srtp_protect_packet(out, packet, fill_report(), true);
        /* RFC 4568, 6.2.2: a short tag is for RTP only. */
        CHECK_EQUAL(size, REPORT + 4 + (TAGS[i] == 4 ? 10 : TAGS[i]));
        CHECK_EQUAL(srtp_unprotect_packet(in, packet, &size, true, 0), SRTP_ACCEPTED);
        CHECK_EQUAL(size, REPORT);
        end();
    }
}

static void test_what_was_touched_is_refused(void)
{
    for (unsigned i = 0; i < SUITE_COUNT; i++) {
        begin(SUITES[i]);
        for (size_t at = 0; at < HEADER + PAYLOAD + TAGS[i]; at++) {
            size_t size = next((uint16_t)(at + 1));
            packet[at] ^= 1;
            CHECK(srtp_unprotect_packet(in, packet, &size, false, 0) != SRTP_ACCEPTED);
        }
        CHECK_EQUAL(take(next(1000), 0), SRTP_ACCEPTED);
        end();
    }
}

static void test_what_was_cut_or_not_encrypted_is_refused(void)
{
    for (unsigned i = 0; i < SUITE_COUNT; i++) {
        begin(SUITES[i]);
        size_t whole = next(1);
        for (size_t size = 0; size < whole; size++) {
            next((uint16_t)(size + 2));
            CHECK_EQUAL(take(size, 0), SRTP_REFUSED);
        }
        fill_rtp(5000, SSRC);
        CHECK_EQUAL(take(HEADER + PAYLOAD, 0), SRTP_REFUSED);
        for (size_t size = 0; size <= REPORT; size++) {
            size_t cut = size;
            fill_report();
            CHECK_EQUAL(srtp_unprotect_packet(in, packet, &cut, true, 0), SRTP_REFUSED);
        }
        end();
    }
}

static void test_replays(void)
{
    static _Alignas(8) uint8_t first[ROOM], second[ROOM];
    begin(MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80);
    size_t size = next(1);
    memcpy(first, packet, sizeof first);
    CHECK_EQUAL(take(size, 0), SRTP_ACCEPTED);
    memcpy(packet, first, sizeof first);
    CHECK_EQUAL(take(size, 0), SRTP_REPLAYED);
    next(2);
    memcpy(second, packet, sizeof second);
    for (uint16_t sequence = 3; sequence <= 1025; sequence++)
        CHECK_EQUAL(take(next(sequence), 0), SRTP_ACCEPTED);
    memcpy(packet, second, sizeof second);
    CHECK_EQUAL(take(size, 0), SRTP_ACCEPTED);      /* 1023 late, and never seen */
    CHECK_EQUAL(take(next(1026), 0), SRTP_ACCEPTED);
    CHECK_EQUAL(take(next(1027), 0), SRTP_ACCEPTED);
    memcpy(packet, second, sizeof second);
    CHECK_EQUAL(take(size, 0), SRTP_REPLAYED);      /* out of the window */
    CHECK_EQUAL(next(1027), 0);                     /* nor do we use a place in the key stream twice */
    end();
}

/* Runs the sender through `wraps` wrap-arounds that nobody hears. */
static void send_unheard(unsigned wraps)
{
    for (uint32_t i = 0; i < wraps * 65536u; i++)
        CHECK(next((uint16_t)i) != 0);
}

static void test_wrap_around(void)
{
    begin(MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80);
    for (uint32_t i = 65000; i < 66000; i++)
        CHECK_EQUAL(take(next((uint16_t)i), 0), SRTP_ACCEPTED);
    end();
}

/* RTCP may have come before: it makes the source known, but tells nothing of RTP's counter. */
static void test_a_source_that_is_joined_late(unsigned suite, unsigned wraps, bool after_rtcp)
{
    int64_t now = 0;
    size_t size;
    begin(suite);
    send_unheard(wraps);
    if (after_rtcp) {
        size = srtp_protect_packet(out, packet, fill_report(), true);
        CHECK_EQUAL(srtp_unprotect_packet(in, packet, &size, true, 0), SRTP_ACCEPTED);
    }
    uint16_t sequence = 0;
    while (take(next(sequence++), now) != SRTP_ACCEPTED) {
        now += QUARTER_NS / 5;
        CHECK(now < 9LL * QUARTER_NS);
    }
    CHECK_EQUAL(packet[HEADER], (sequence - 1) & 0xff);
    for (unsigned i = 0; i < 100; i++)
        CHECK_EQUAL(take(next(sequence++), now), SRTP_ACCEPTED);
    end();
}

/* A source whose counter is known is not searched for: its packets under a wrong one are forgeries or replays. */
static void test_a_wrong_counter_later(void)
{
    begin(MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80);
    CHECK_EQUAL(take(next(0), 0), SRTP_ACCEPTED);
    for (uint32_t i = 1; i <= 2 * 65536u; i++)
        next((uint16_t)i);
    for (int i = 1; i < 100; i++)
        CHECK_EQUAL(take(next((uint16_t)i), i * (int64_t)QUARTER_NS), SRTP_REFUSED);
    end();
}

static void test_sources_follow_each_other(void)
{
    size_t size = HEADER + PAYLOAD;
    begin(MEDIA_SRTP_AEAD_AES_128_GCM);
    for (uint32_t ssrc = 1; ssrc <= SRTP_SOURCES_MAX + 1; ssrc++) {
        struct srtp_context *other = srtp_context_new(SRTP_OUTBOUND, MEDIA_SRTP_AEAD_AES_128_GCM, KEY, ssrc);
        fill_rtp(9, ssrc);
        size_t protected = srtp_protect_packet(other, packet, size, false);
        CHECK_EQUAL(take(protected, 0), ssrc <= SRTP_SOURCES_MAX ? SRTP_ACCEPTED : SRTP_REFUSED);
        srtp_context_free(other);
    }
    end();
}

static void test_forgeries_make_no_sources(void)
{
    begin(MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80);
    for (uint32_t ssrc = 100; ssrc < 1000; ssrc++) {
        fill_rtp(9, ssrc);
        CHECK_EQUAL(take(HEADER + PAYLOAD + 10, ssrc * (int64_t)QUARTER_NS), SRTP_REFUSED);
    }
    CHECK_EQUAL(take(next(1), 0), SRTP_ACCEPTED);
    end();
}

static void test_change_of_keys(void)
{
    struct srtp_context *contexts[MEDIA_COMPONENTS][SRTP_DIRECTIONS] = {{NULL}}, **rtp = contexts[0];
    struct media_srtp none[MEDIA_COMPONENTS] = {{.suite = MEDIA_SRTP_NONE}};
    struct media_srtp keys[MEDIA_COMPONENTS] = {{.suite = MEDIA_SRTP_AEAD_AES_256_GCM}};
    struct media_srtp wrong[MEDIA_COMPONENTS] = {{.suite = MEDIA_SRTP_NONE}, {.suite = 200}};
    struct srtp_change *change;
    CHECK_EQUAL(srtp_change_new(&change, none, wrong, SSRC), -EINVAL);
    CHECK_EQUAL(srtp_change_new(&change, none, none, SSRC), 0);
    CHECK(change == NULL);
    CHECK_EQUAL(srtp_change_new(&change, none, keys, SSRC), 0);
    srtp_change_apply(change, contexts);
    CHECK(rtp[SRTP_INBOUND] != NULL && rtp[SRTP_OUTBOUND] != NULL);
    change->object.free(&change->object);
    CHECK_EQUAL(srtp_change_new(&change, keys, keys, SSRC), 0);
    CHECK(change == NULL);
    struct media_srtp renewed[MEDIA_COMPONENTS] = {keys[0]};
    struct srtp_context *kept = rtp[SRTP_OUTBOUND], *replaced = rtp[SRTP_INBOUND];
    renewed[0].receive_key[43] = 1;     /* the last octet of the salt */
    CHECK_EQUAL(srtp_change_new(&change, keys, renewed, SSRC), 0);
    srtp_change_apply(change, contexts);
    CHECK(rtp[SRTP_OUTBOUND] == kept && rtp[SRTP_INBOUND] != replaced && rtp[SRTP_INBOUND] != NULL);
    change->object.free(&change->object);
    CHECK_EQUAL(srtp_change_new(&change, renewed, none, SSRC), 0);
    srtp_change_apply(change, contexts);
    CHECK(rtp[SRTP_INBOUND] == NULL && rtp[SRTP_OUTBOUND] == NULL);
    change->object.free(&change->object);
}

/* RTCP's keys come and go, and RTP's contexts do not notice. */
static void test_change_of_rtcp_s_keys(void)
{
    struct srtp_context *contexts[MEDIA_COMPONENTS][SRTP_DIRECTIONS] = {{NULL}}, **rtp = contexts[0], **rtcp = contexts[1];
    struct media_srtp none[MEDIA_COMPONENTS] = {{.suite = MEDIA_SRTP_NONE}};
    struct media_srtp one[MEDIA_COMPONENTS] = {{.suite = MEDIA_SRTP_AEAD_AES_256_GCM}};
    struct media_srtp both[MEDIA_COMPONENTS] = {one[0], {.suite = MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80}};
    struct srtp_change *change;
    CHECK_EQUAL(srtp_change_new(&change, none, one, SSRC), 0);
    srtp_change_apply(change, contexts);
    change->object.free(&change->object);
    struct srtp_context *kept[SRTP_DIRECTIONS] = {rtp[SRTP_INBOUND], rtp[SRTP_OUTBOUND]};
    CHECK(rtcp[SRTP_INBOUND] == NULL && rtcp[SRTP_OUTBOUND] == NULL);
    CHECK_EQUAL(srtp_change_new(&change, one, both, SSRC), 0);
    srtp_change_apply(change, contexts);
    change->object.free(&change->object);
    CHECK(rtcp[SRTP_INBOUND] != NULL && rtcp[SRTP_OUTBOUND] != NULL);
    CHECK_EQUAL(srtp_change_new(&change, both, one, SSRC), 0);
    srtp_change_apply(change, contexts);
    change->object.free(&change->object);
    CHECK(rtcp[SRTP_INBOUND] == NULL && rtcp[SRTP_OUTBOUND] == NULL);
    CHECK(rtp[SRTP_INBOUND] == kept[SRTP_INBOUND] && rtp[SRTP_OUTBOUND] == kept[SRTP_OUTBOUND]);
    CHECK_EQUAL(srtp_change_new(&change, one, none, SSRC), 0);
    srtp_change_apply(change, contexts);
    change->object.free(&change->object);
}

int main(void)
{
    test_every_suite_both_ways();
    test_what_was_touched_is_refused();
    test_what_was_cut_or_not_encrypted_is_refused();
    test_replays();
    test_wrap_around();
    test_a_source_that_is_joined_late(MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80, 1, false);
    test_a_source_that_is_joined_late(MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80, 3, true);
    test_a_source_that_is_joined_late(MEDIA_SRTP_AEAD_AES_256_GCM, 2, false);
    test_a_wrong_counter_later();
    test_sources_follow_each_other();
    test_forgeries_make_no_sources();
    test_change_of_keys();
    test_change_of_rtcp_s_keys();
    return 0;
}
