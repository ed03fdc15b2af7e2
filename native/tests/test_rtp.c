/* RTP by hand-made packets of RFC 3550 section 5, and the first-byte rules of RFC 7983. */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "demux.h"
#include "rtp.h"

static const uint8_t PLAIN[] = {0x80, 0x89, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4};

static void test_plain(void)
{
    struct rtp_packet packet;
    CHECK_EQUAL(rtp_parse(&packet, PLAIN, sizeof PLAIN), 0);
    CHECK(packet.marker);
    CHECK_EQUAL(packet.payload_type, 9);
    CHECK_EQUAL(packet.sequence, 0x1234);
    CHECK_EQUAL(packet.timestamp, 160);
    CHECK_EQUAL(packet.ssrc, 0xdeadbeef);
    CHECK_EQUAL(packet.payload_size, 4);
    CHECK_EQUAL(packet.payload[0], 1);
}

static void test_csrc_extension_and_padding(void)
{
    uint8_t data[] = {0xb2, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9, 9, 9, 9, 8, 8, 8, 8,    /* two CSRCs */
                      0xbe, 0xde, 0, 1, 5, 5, 5, 5,                                     /* one word of extension */
                      7, 7, 7, 0, 0, 3};                                                /* payload, padding of 3 */
    struct rtp_packet packet;
    CHECK_EQUAL(rtp_parse(&packet, data, sizeof data), 0);
    CHECK_EQUAL(packet.csrc_count, 2);
    CHECK_EQUAL(packet.extension_profile, 0xbede);
    CHECK_EQUAL(packet.extension_size, 4);
    CHECK_EQUAL(packet.extension[0], 5);
    CHECK_EQUAL(packet.payload_size, 3);
    CHECK_EQUAL(packet.payload[2], 7);
    data[sizeof data - 1] = 7;
    CHECK_EQUAL(rtp_parse(&packet, data, sizeof data), -EBADMSG);
    data[sizeof data - 1] = 0;
    CHECK_EQUAL(rtp_parse(&packet, data, sizeof data), -EBADMSG);
    data[23] = 200;
    data[sizeof data - 1] = 3;
    CHECK_EQUAL(rtp_parse(&packet, data, sizeof data), -EBADMSG);
}

/* Cut anywhere, a packet is either refused or keeps within what is left of it. */
static void test_truncated(void)
{
    struct rtp_packet packet;
    for (size_t size = 0; size < RTP_HEADER_SIZE; size++) {
        CHECK_EQUAL(rtp_parse(&packet, PLAIN, size), -EBADMSG);
    }
    CHECK_EQUAL(rtp_parse(&packet, PLAIN, RTP_HEADER_SIZE), 0);
    CHECK_EQUAL(packet.payload_size, 0);
}

static void test_other_versions_and_sizes(void)
{
    static uint8_t data[RTP_PACKET_MAX + 1];
    struct rtp_packet packet;
    memcpy(data, PLAIN, sizeof PLAIN);
    CHECK_EQUAL(rtp_parse(&packet, data, sizeof data), -EBADMSG);
    CHECK_EQUAL(rtp_parse(&packet, data, RTP_PACKET_MAX), 0);
    data[0] = 0x40;
    CHECK_EQUAL(rtp_parse(&packet, data, RTP_PACKET_MAX), -EBADMSG);
}

static void test_build(void)
{
    struct rtp_packet packet;
    uint8_t buffer[sizeof PLAIN];
    CHECK_EQUAL(rtp_parse(&packet, PLAIN, sizeof PLAIN), 0);
    CHECK_EQUAL(rtp_build(buffer, sizeof buffer - 1, &packet), 0);
    CHECK_EQUAL(rtp_build(buffer, sizeof buffer, &packet), sizeof PLAIN);
    CHECK(memcmp(buffer, PLAIN, sizeof PLAIN) == 0);
}

static void test_distances(void)
{
    CHECK_EQUAL(rtp_sequence_distance(65535, 0), 1);
    CHECK_EQUAL(rtp_sequence_distance(2, 65534), -4);
    CHECK_EQUAL(rtp_timestamp_distance(0xffffff60u, 0), 160);
}

static enum demux_kind kind_of(uint8_t first, uint8_t second)
{
    uint8_t packet[20] = {first, second, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    return demux_classify(packet, sizeof packet);
}

static void test_demux(void)
{
    CHECK_EQUAL(kind_of(0, 1), DEMUX_STUN);
    CHECK_EQUAL(kind_of(3, 1), DEMUX_STUN);
    CHECK_EQUAL(kind_of(4, 1), DEMUX_UNKNOWN);
    CHECK_EQUAL(kind_of(16, 0), DEMUX_ZRTP);
    CHECK_EQUAL(kind_of(20, 0), DEMUX_DTLS);
    CHECK_EQUAL(kind_of(63, 0), DEMUX_DTLS);
    CHECK_EQUAL(kind_of(64, 0), DEMUX_CHANNEL);
    CHECK_EQUAL(kind_of(79, 0), DEMUX_CHANNEL);
    CHECK_EQUAL(kind_of(80, 0), DEMUX_UNKNOWN);
    CHECK_EQUAL(kind_of(128, 0), DEMUX_RTP);
    CHECK_EQUAL(kind_of(191, 0x80 | 63), DEMUX_RTP);
    CHECK_EQUAL(kind_of(128, 200), DEMUX_RTCP);
    CHECK_EQUAL(kind_of(128, 223), DEMUX_RTCP);
    CHECK_EQUAL(kind_of(128, 224), DEMUX_RTP);
    CHECK_EQUAL(kind_of(192, 0), DEMUX_UNKNOWN);
    CHECK_EQUAL(demux_classify(NULL, 0), DEMUX_UNKNOWN);
    CHECK_EQUAL(demux_classify((const uint8_t[]){0, 1, 0, 0}, 4), DEMUX_UNKNOWN);
    CHECK_EQUAL(demux_classify((const uint8_t[]){0x80, 0, 0, 0}, 4), DEMUX_UNKNOWN);
}

int main(void)
{
    test_plain();
    test_csrc_extension_and_padding();
    test_truncated();
    test_other_versions_and_sizes();
    test_build();
    test_distances();
    test_demux();
    return 0;
}
