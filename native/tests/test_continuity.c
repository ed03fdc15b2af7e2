/* Streams that go on in another process: the memory they are written down in, and SRTP from where it ended. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "continuity.h"
#include "packet_port.h"
#include "srtp_change.h"
#include "wire.h"

enum { HEADER = 12, PAYLOAD = 20, ROOM = HEADER + PAYLOAD + SRTP_TRAILER_MAX, REPORT = 28, SSRC = 0x1234, SLOTS_MOST = 64 };

static const unsigned SUITES[] = {MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80, MEDIA_SRTP_AEAD_AES_256_GCM};
static const uint8_t KEY[MEDIA_SRTP_KEY_BYTES] = "a master key and its salt, that is no secret";

static int memory(off_t size, int seals)
{
    int descriptor = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    CHECK(descriptor >= 0);
    CHECK_EQUAL(ftruncate(descriptor, size), 0);
    CHECK_EQUAL(fcntl(descriptor, F_ADD_SEALS, seals), 0);
    return descriptor;
}

static struct continuity *opened(int descriptor)
{
    struct continuity *continuity = NULL;
    CHECK_EQUAL(continuity_open(&continuity, descriptor), 0);
    return continuity;
}

static void test_memory_that_could_shrink_is_refused(void)
{
    struct continuity *continuity = NULL;
    int loose = memory(MEDIA_CONTINUITY_BYTES, F_SEAL_GROW), small = memory(MEDIA_CONTINUITY_BYTES - 1, F_SEAL_SHRINK);
    CHECK_EQUAL(continuity_open(&continuity, loose), -EINVAL);
    CHECK_EQUAL(continuity_open(&continuity, small), -EINVAL);
    CHECK_EQUAL(continuity_open(&continuity, STDIN_FILENO), -EINVAL);
    CHECK_EQUAL(continuity_open(&continuity, -1), -EINVAL);
    close(loose);
    close(small);
}

static void test_the_next_process_finds_what_was_written(void)
{
    int descriptor = memory(MEDIA_CONTINUITY_BYTES, F_SEAL_SHRINK);
    struct continuity *before = opened(descriptor);
    struct continuity_slot *slot = continuity_take(before, SSRC);
    CHECK(slot != NULL);
    continuity_keys_changed(slot, &(struct continuity_change){.key_check = 77});
    continuity_sending(slot, 0x1FFFF, 5000, 3000 * 1000000LL);
    continuity_reporting(slot);
    continuity_received(slot, &(struct srtp_position){.ssrc = 5, .index = 0x1FFFF});
    continuity_received(slot, &(struct srtp_position){.ssrc = 9, .index = 0x20000});
    continuity_received(slot, &(struct srtp_position){.ssrc = 9, .index = 0x20001});
    continuity_received(slot, &(struct srtp_position){.ssrc = 5, .index = 0x1FFFF});     /* late */
    continuity_report_received(slot, &(struct srtp_position){.ssrc = 5, .index = 3});
    continuity_report_received(slot, &(struct srtp_position){.ssrc = 0xFFFFFFFF, .index = 0x7FFFFFFF});
    continuity_report_received(slot, &(struct srtp_position){.ssrc = 0xFFFFFFFF, .index = 0x80000000});
    continuity_close(before);

    struct continuity *after = opened(descriptor);
    struct continuity_state state;
    CHECK(continuity_find(after, SSRC + 1, &state) == NULL);
    CHECK(continuity_find(after, 0, &state) == NULL);
    CHECK(continuity_find(after, SSRC, &state) != NULL);
    CHECK_EQUAL(state.sent, 0x20000);
    CHECK_EQUAL(state.sent_reports, 1);
    CHECK_EQUAL(state.key_check, 77);
    CHECK(state.received[0].ssrc == 5 && state.received[0].index == 0x1FFFF);
    CHECK(state.received[1].ssrc == 9 && state.received[1].index == 0x20001);
    CHECK(state.next_report[0].ssrc == 5 && state.next_report[0].index == 3);
    CHECK(state.next_report[1].ssrc == 0xFFFFFFFF && state.next_report[1].index == 0x80000000);
    CHECK(state.received[2].ssrc == 0 && state.next_report[2].ssrc == 0);
    CHECK_EQUAL(continuity_timestamp(&state, 8000, 4500 * 1000000LL), 5000 + 12000);
    CHECK(continuity_find(after, SSRC, &state) == NULL);     /* each once */
    continuity_close(after);
    close(descriptor);
}

static void test_time_goes_on_over_the_wrap_of_both_clocks(void)
{
    struct continuity_state state = {.clock_ms = 0xFFFFFF00, .timestamp = 0xFFFFFFF0};
    int64_t later = ((1LL << 32) + 0xF4) * 1000000;         /* 500 ms */
    CHECK_EQUAL(continuity_timestamp(&state, 48000, later), (uint32_t)(0xFFFFFFF0u + 24000u));
}

static void test_memory_of_another_version_is_empty(void)
{
    int descriptor = memory(MEDIA_CONTINUITY_BYTES, F_SEAL_SHRINK);
    struct continuity_state state;
    struct continuity *continuity = opened(descriptor);
    continuity_take(continuity, SSRC);
    continuity_close(continuity);
    uint32_t version = 1;
    CHECK_EQUAL(pwrite(descriptor, &version, sizeof version, 4), sizeof version);
    continuity = opened(descriptor);
    CHECK(continuity_find(continuity, SSRC, &state) == NULL);
    continuity_close(continuity);
    close(descriptor);
}

static void test_places_are_used_again(void)
{
    int descriptor = memory(MEDIA_CONTINUITY_BYTES, F_SEAL_SHRINK);
    struct continuity *continuity = opened(descriptor);
    struct continuity_slot *last = NULL;
    unsigned taken = 0;
    for (struct continuity_slot *slot; (slot = continuity_take(continuity, taken + 1)) != NULL; last = slot)
        taken++;
    CHECK(taken > 32 && taken < SLOTS_MOST);
    continuity_free(last);
    CHECK(continuity_take(continuity, 1000) == last);
    continuity_free(NULL);
    continuity_close(continuity);

    /* Whom nobody found died with the process before: all places but the found one's are free. */
    struct continuity_state state;
    continuity = opened(descriptor);
    CHECK(continuity_find(continuity, 2, &state) != NULL);
    for (unsigned i = 1; i < taken; i++)
        CHECK(continuity_take(continuity, 2000 + i) != NULL);
    CHECK(continuity_take(continuity, 3000) == NULL);
    continuity_close(continuity);
    close(descriptor);
}

static void test_other_keys_have_another_check(void)
{
    struct media_srtp keys[MEDIA_COMPONENTS] = {0};
    CHECK_EQUAL(continuity_key_check(keys), 0);
    keys[0].suite = MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80;
    uint32_t first = continuity_key_check(keys);
    keys[0].send_key[29]++;
    uint32_t second = continuity_key_check(keys);
    keys[0].receive_key[0]++;
    uint32_t third = continuity_key_check(keys);
    CHECK(first != 0 && second != first && third != second && third != first);
}

static struct continuity_state state_of(int descriptor)
{
    struct continuity *next = opened(descriptor);
    struct continuity_state state = {0};
    CHECK(continuity_find(next, SSRC, &state) != NULL);
    continuity_close(next);
    return state;
}

static void test_only_what_has_other_keys_is_counted_anew(void)
{
    int descriptor = memory(MEDIA_CONTINUITY_BYTES, F_SEAL_SHRINK);
    struct continuity *continuity = opened(descriptor);
    struct continuity_slot *slot = continuity_take(continuity, SSRC);
    struct media_srtp before[MEDIA_COMPONENTS] = {{.suite = MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80}};
    struct media_srtp rtcp[MEDIA_COMPONENTS], rtp[MEDIA_COMPONENTS];
    struct srtp_change *change = NULL;
    memcpy(rtcp, before, sizeof rtcp);
    rtcp[1] = (struct media_srtp){.suite = MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80, .receive_key = {1}};
    memcpy(rtp, rtcp, sizeof rtp);
    rtp[0].send_key[0] = rtp[0].receive_key[0] = 2;
    continuity_sending(slot, 0x1FFFE, 5000, 0);
    continuity_received(slot, &(struct srtp_position){.ssrc = 9, .index = 0x20001});
    continuity_report_received(slot, &(struct srtp_position){.ssrc = 9, .index = 7});

    CHECK_EQUAL(srtp_change_new(&change, before, rtcp, SSRC), 0);        /* RTCP gets keys of its own */
    continuity_keys_changed(slot, &change->counts);
    change->object.free(&change->object);
    struct continuity_state state = state_of(descriptor);
    CHECK(state.sent == 0x1FFFF && state.received[0].ssrc == 9 && state.received[0].index == 0x20001 && state.next_report[0].ssrc == 0);
    CHECK_EQUAL(state.key_check, continuity_key_check(rtcp));

    continuity_report_received(slot, &(struct srtp_position){.ssrc = 9, .index = 7});
    CHECK_EQUAL(srtp_change_new(&change, rtcp, rtp, SSRC), 0);           /* and RTP others */
    continuity_keys_changed(slot, &change->counts);
    state = state_of(descriptor);
    CHECK(state.sent == 0xFFFF && state.received[0].ssrc == 0 && state.next_report[0].index == 7);
    continuity_sending(slot, 0x1FFFE, 5000, 0);
    continuity_keys_changed(slot, &change->counts);                       /* once */
    CHECK_EQUAL(state_of(descriptor).sent, 0x1FFFF);
    change->object.free(&change->object);

    CHECK_EQUAL(srtp_change_new(&change, rtp, before, SSRC), 0);         /* RTCP has RTP's again */
    continuity_report_received(slot, &(struct srtp_position){.ssrc = 9, .index = 7});
    continuity_keys_changed(slot, &change->counts);
    CHECK_EQUAL(state_of(descriptor).next_report[0].ssrc, 0);
    change->object.free(&change->object);
    continuity_close(continuity);
    close(descriptor);
}

static size_t fill_rtp(uint8_t *packet, uint16_t sequence)
{
    memset(packet, 0, ROOM);
    packet[0] = 0x80;
    wire_put16(packet + 2, sequence);
    wire_put32(packet + 8, SSRC);
    memset(packet + HEADER, sequence & 0xff, PAYLOAD);
    return HEADER + PAYLOAD;
}

static size_t fill_report(uint8_t *packet)
{
    memset(packet, 0, ROOM);
    packet[0] = 0x80;
    packet[1] = 200;
    wire_put16(packet + 2, REPORT / 4 - 1);
    wire_put32(packet + 4, SSRC);
    return REPORT;
}

/* What a context protects that never stopped is what one protects that was resumed, octet for octet. */
static void check_alike(struct srtp_context *one, struct srtp_context *other, uint16_t sequence)
{
    _Alignas(8) uint8_t first[ROOM], second[ROOM];
    size_t size = srtp_protect_packet(one, first, fill_rtp(first, sequence), false);
    CHECK_EQUAL(srtp_protect_packet(other, second, fill_rtp(second, sequence), false), size);
    CHECK(size != 0 && memcmp(first, second, size) == 0);
    size = srtp_protect_packet(one, first, fill_report(first), true);
    CHECK_EQUAL(srtp_protect_packet(other, second, fill_report(second), true), size);
    CHECK(size != 0 && memcmp(first, second, size) == 0);
}

static void test_what_is_sent_goes_on_where_it_ended(void)
{
    for (unsigned i = 0; i < sizeof SUITES / sizeof *SUITES; i++) {
        _Alignas(8) uint8_t packet[ROOM];
        struct srtp_context *before = srtp_context_new(SRTP_OUTBOUND, SUITES[i], KEY, SSRC);
        struct srtp_context *after = srtp_context_new(SRTP_OUTBOUND, SUITES[i], KEY, SSRC);
        uint64_t index = 0;
        for (uint32_t sequence = 1000; sequence <= 0x1FFFF; sequence++) {
            CHECK(srtp_protect_packet(before, packet, fill_rtp(packet, (uint16_t)sequence), false) != 0);
            index = srtp_index(before, SSRC, (uint16_t)sequence);
            CHECK_EQUAL(index, sequence);
        }
        for (unsigned k = 0; k < 3; k++)
            srtp_protect_packet(before, packet, fill_report(packet), true);
        CHECK(srtp_resume_outbound(after, SSRC, index + 1, 3));
        check_alike(before, after, 0);      /* the roll-over counter became 2 between them */
        check_alike(before, after, 1);
        CHECK(!srtp_resume_outbound(after, SSRC, index, 1u << 20));
        srtp_context_free(before);
        srtp_context_free(after);
    }
}

static enum srtp_verdict hear(struct srtp_context *in, struct srtp_context *out, uint16_t sequence)
{
    _Alignas(8) uint8_t packet[ROOM];
    size_t size = srtp_protect_packet(out, packet, fill_rtp(packet, sequence), false);
    return srtp_unprotect_packet(in, packet, &size, false, 0);
}

static void test_what_is_heard_goes_on_and_nothing_is_heard_twice(void)
{
    _Alignas(8) uint8_t old[ROOM], copy[ROOM];
    struct srtp_context *out = srtp_context_new(SRTP_OUTBOUND, SUITES[0], KEY, SSRC);
    struct srtp_context *before = srtp_context_new(SRTP_INBOUND, SUITES[0], KEY, 0);
    CHECK_EQUAL(srtp_received(before).ssrc, 0);
    for (uint32_t sequence = 30000; sequence <= 0x1FFF0; sequence++)
        CHECK_EQUAL(hear(before, out, (uint16_t)sequence), SRTP_ACCEPTED);
    size_t size = srtp_protect_packet(out, old, fill_rtp(old, 0xFFF1), false);
    memcpy(copy, old, size);
    size_t length = size;
    CHECK_EQUAL(srtp_unprotect_packet(before, copy, &length, false, 0), SRTP_ACCEPTED);
    struct srtp_position position = srtp_received(before);
    CHECK_EQUAL(position.ssrc, SSRC);
    CHECK_EQUAL(position.index, 0x1FFF1);

    struct srtp_context *after = srtp_context_new(SRTP_INBOUND, SUITES[0], KEY, 0);
    CHECK(srtp_resume_inbound(after, &position));
    memcpy(copy, old, size);
    length = size;
    CHECK_EQUAL(srtp_unprotect_packet(after, copy, &length, false, 0), SRTP_REPLAYED);
    for (uint16_t lost = 0xFFF2; lost != 20; lost++)
        fill_rtp(copy, lost), srtp_protect_packet(out, copy, HEADER + PAYLOAD, false);
    CHECK_EQUAL(hear(after, out, 20), SRTP_ACCEPTED);       /* 0x20014: it wrapped while nobody listened */
    CHECK_EQUAL(srtp_received(after).index, 0x20014);
    memcpy(copy, old, size);
    length = size;
    CHECK_EQUAL(srtp_unprotect_packet(after, copy, &length, false, 0), SRTP_REPLAYED);
    CHECK_EQUAL(hear(after, out, 21), SRTP_ACCEPTED);
    CHECK(srtp_resume_inbound(before, &(struct srtp_position){.ssrc = 0}));     /* nobody was heard: nothing to resume */
    srtp_context_free(out);
    srtp_context_free(before);
    srtp_context_free(after);
}

static enum srtp_verdict hear_again(struct srtp_context *in, const uint8_t *report, size_t size)
{
    _Alignas(8) uint8_t copy[ROOM];
    memcpy(copy, report, size);
    return srtp_unprotect_packet(in, copy, &size, true, 0);
}

static void test_no_report_is_heard_twice(void)
{
    for (unsigned suite = MEDIA_SRTP_NONE + 1; srtp_key_size(suite) != 0; suite++) {
        _Alignas(8) uint8_t old[ROOM], next[ROOM];
        struct media_srtp none[MEDIA_COMPONENTS] = {0}, keys[MEDIA_COMPONENTS] = {{.suite = (uint8_t)suite}};
        struct srtp_change *change = NULL;
        memcpy(keys[0].receive_key, KEY, srtp_key_size(suite));
        struct srtp_context *out = srtp_context_new(SRTP_OUTBOUND, suite, KEY, SSRC);
        struct srtp_context *before = srtp_context_new(SRTP_INBOUND, suite, KEY, 0);
        CHECK_EQUAL(srtp_next_report(before).ssrc, 0);
        size_t size = 0;
        for (unsigned i = 0; i < 5; i++) {
            size = srtp_protect_packet(out, old, fill_report(old), true);
            CHECK_EQUAL(hear_again(before, old, size), SRTP_ACCEPTED);
        }
        srtp_protect_packet(out, next, fill_report(next), true);
        CHECK_EQUAL(srtp_next_report(before).ssrc, SSRC);
        CHECK_EQUAL(srtp_next_report(before).index, 6);     /* libsrtp2 begins with 1 */

        CHECK_EQUAL(srtp_change_new(&change, none, keys, 1), 0);
        struct continuity_state from = {.key_check = change->counts.key_check, .next_report = {srtp_next_report(before)}};
        CHECK_EQUAL(srtp_change_resume(change, keys, &from, 1), 0);
        struct srtp_context *after = change->contexts[0][SRTP_INBOUND];
        CHECK_EQUAL(hear_again(after, old, size), SRTP_REPLAYED);
        CHECK(hear_again(after, old, 8) != SRTP_ACCEPTED);          /* too short for an index */
        CHECK_EQUAL(srtp_next_report(after).ssrc, 0);
        CHECK_EQUAL(hear(after, out, 1), SRTP_ACCEPTED);    /* its voice is heard for the first time */
        CHECK_EQUAL(hear_again(after, next, size), SRTP_ACCEPTED);
        CHECK_EQUAL(hear_again(after, next, size), SRTP_REPLAYED);
        CHECK_EQUAL(srtp_next_report(after).index, 7);
        change->object.free(&change->object);
        srtp_context_free(before);
        srtp_context_free(out);
    }
}

/* A source that was followed by others under the same keys, with a packet of each kind that somebody has recorded. */
struct source {
    struct srtp_context *out;
    _Alignas(8) uint8_t voice[ROOM], report[ROOM];
    size_t voice_size, report_size;
};

static void begin_source(struct source *source, uint32_t ssrc)
{
    source->out = srtp_context_new(SRTP_OUTBOUND, SUITES[0], KEY, ssrc);
    fill_rtp(source->voice, 700);
    wire_put32(source->voice + 8, ssrc);
    source->voice_size = srtp_protect_packet(source->out, source->voice, HEADER + PAYLOAD, false);
    fill_report(source->report);
    wire_put32(source->report + 4, ssrc);
    source->report_size = srtp_protect_packet(source->out, source->report, REPORT, true);
}

static void check_source(struct srtp_context *in, const struct source *source, enum srtp_verdict expected)
{
    _Alignas(8) uint8_t copy[ROOM];
    size_t size = source->voice_size;
    memcpy(copy, source->voice, size);
    CHECK_EQUAL(srtp_unprotect_packet(in, copy, &size, false, 0), expected);
    CHECK_EQUAL(hear_again(in, source->report, source->report_size), expected);
}

static void test_of_no_source_anything_is_heard_twice(void)
{
    static struct source sources[SRTP_SOURCES_MAX + 1];
    struct media_srtp none[MEDIA_COMPONENTS] = {0}, keys[MEDIA_COMPONENTS] = {{.suite = (uint8_t)SUITES[0]}};
    struct srtp_change *change = NULL;
    int descriptor = memory(MEDIA_CONTINUITY_BYTES, F_SEAL_SHRINK);
    struct continuity *continuity = opened(descriptor);
    struct continuity_slot *slot = continuity_take(continuity, 1);
    struct srtp_context *before = srtp_context_new(SRTP_INBOUND, SUITES[0], KEY, 0);
    memcpy(keys[0].receive_key, KEY, srtp_key_size(SUITES[0]));
    CHECK_EQUAL(srtp_change_new(&change, none, keys, 1), 0);
    continuity_keys_changed(slot, &change->counts);
    for (unsigned i = 0; i <= SRTP_SOURCES_MAX; i++) {
        begin_source(&sources[i], 1000 + i);
        check_source(before, &sources[i], i < SRTP_SOURCES_MAX ? SRTP_ACCEPTED : SRTP_REFUSED);
        struct srtp_position position = srtp_received(before), next = srtp_next_report(before);
        continuity_received(slot, &position);
        continuity_report_received(slot, &next);
    }
    continuity_close(continuity);

    continuity = opened(descriptor);
    struct continuity_state from;
    CHECK(continuity_find(continuity, 1, &from) != NULL);
    CHECK_EQUAL(srtp_change_resume(change, keys, &from, 1), 0);
    struct srtp_context *after = change->contexts[0][SRTP_INBOUND];
    for (unsigned i = 0; i <= SRTP_SOURCES_MAX; i++) {
        check_source(after, &sources[i], i < SRTP_SOURCES_MAX ? SRTP_REPLAYED : SRTP_REFUSED);
        srtp_context_free(sources[i].out);
    }
    CHECK(!srtp_resume_inbound(after, &(struct srtp_position){.ssrc = 1}));      /* one too many */
    change->object.free(&change->object);
    srtp_context_free(before);
    continuity_close(continuity);
    close(descriptor);
}

static void test_a_forgery_does_not_spoil_the_first_packet(void)
{
    _Alignas(8) uint8_t packet[ROOM];
    struct srtp_context *out = srtp_context_new(SRTP_OUTBOUND, SUITES[0], KEY, SSRC);
    struct srtp_context *in = srtp_context_new(SRTP_INBOUND, SUITES[0], KEY, 0);
    CHECK(srtp_resume_outbound(out, SSRC, 0x30000, 0));
    CHECK(srtp_resume_inbound(in, &(struct srtp_position){.ssrc = SSRC, .index = 0x2FFFF}));
    for (unsigned i = 0; i < 5; i++) {
        size_t size = fill_rtp(packet, (uint16_t)(i * 9000)) + 10;
        CHECK_EQUAL(srtp_unprotect_packet(in, packet, &size, false, 0), i < 4 ? SRTP_REFUSED : SRTP_REPLAYED);
    }
    CHECK_EQUAL(hear(in, out, 0), SRTP_ACCEPTED);
    srtp_context_free(out);
    srtp_context_free(in);
}

static void test_other_keys_are_not_resumed(void)
{
    struct media_srtp none[MEDIA_COMPONENTS] = {0}, keys[MEDIA_COMPONENTS] = {0};
    struct srtp_change *change = NULL;
    keys[0].suite = MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80;
    CHECK_EQUAL(srtp_change_new(&change, none, keys, SSRC), 0);
    struct continuity_state from = {.key_check = continuity_key_check(keys), .sent = 70000};
    CHECK_EQUAL(srtp_change_resume(change, keys, &from, SSRC), 0);
    from.key_check++;
    CHECK_EQUAL(srtp_change_resume(change, keys, &from, SSRC), -EKEYREJECTED);
    from.key_check--;
    from.sent_reports = 1u << 30;
    CHECK_EQUAL(srtp_change_resume(change, keys, &from, SSRC), -EOVERFLOW);
    change->object.free(&change->object);
}

static void test_what_was_encrypted_is_not_resumed_in_the_clear(void)
{
    struct media_srtp none[MEDIA_COMPONENTS] = {0};
    struct srtp_change *change = NULL;
    CHECK_EQUAL(srtp_change_new(&change, none, none, SSRC), 0);
    CHECK(change == NULL);
    CHECK_EQUAL(srtp_change_resume(change, none, &(struct continuity_state){.key_check = 7}, SSRC), -EKEYREJECTED);
    CHECK_EQUAL(srtp_change_resume(change, none, &(struct continuity_state){.key_check = 0}, SSRC), 0);
}

static void test_only_sockets_of_our_kind_are_taken_over(void)
{
    struct packet_port before = {0}, after = {0};
    uint8_t octet = 0;
    CHECK_EQUAL(packet_port_open(&before, "127.0.0.1", 20000, 30000, 46), 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(before.ports[0])};
    CHECK_EQUAL(sendto(before.sockets[1], &octet, 1, 0, (struct sockaddr *)&to, sizeof to), 1);
    CHECK_EQUAL(packet_port_resume(&after, before.sockets), 0);
    CHECK_EQUAL(after.ports[0], before.ports[0]);
    CHECK_EQUAL(after.ports[1], before.ports[1]);
    CHECK_EQUAL(after.everywhere, 0);
    CHECK_EQUAL(recv(before.sockets[0], &octet, 1, MSG_DONTWAIT), -1);     /* what waited was too old */
    int stream = socket(AF_INET, SOCK_STREAM, 0), unbound = socket(AF_INET, SOCK_DGRAM, 0), file = memory(1, F_SEAL_SHRINK);
    for (unsigned i = 0; i < 3; i++) {
        int wrong[COMPONENTS] = {(int[]){stream, unbound, file}[i], before.sockets[1]};
        CHECK_EQUAL(packet_port_resume(&after, wrong), -EINVAL);
        close(wrong[0]);
    }
    packet_port_close(&before);
    CHECK_EQUAL(packet_port_open(&before, "", 20000, 30000, 46), 0);
    CHECK_EQUAL(packet_port_resume(&after, before.sockets), 0);
    CHECK_EQUAL(after.everywhere, before.everywhere);
    packet_port_close(&before);
}

int main(void)
{
    test_memory_that_could_shrink_is_refused();
    test_the_next_process_finds_what_was_written();
    test_time_goes_on_over_the_wrap_of_both_clocks();
    test_memory_of_another_version_is_empty();
    test_places_are_used_again();
    test_other_keys_have_another_check();
    test_only_what_has_other_keys_is_counted_anew();
    test_what_is_sent_goes_on_where_it_ended();
    test_what_is_heard_goes_on_and_nothing_is_heard_twice();
    test_no_report_is_heard_twice();
    test_of_no_source_anything_is_heard_twice();
    test_a_forgery_does_not_spoil_the_first_packet();
    test_other_keys_are_not_resumed();
    test_what_was_encrypted_is_not_resumed_in_the_clear();
    test_only_sockets_of_our_kind_are_taken_over();
    return 0;
}
