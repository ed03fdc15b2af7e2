#include "demux.h"

enum { STUN_HEADER_SIZE = 20, RTP_SMALLEST = 8 };

static int is_stun(const uint8_t *packet, size_t size)
{
    return size >= STUN_HEADER_SIZE && packet[4] == 0x21 && packet[5] == 0x12 && packet[6] == 0xa4 && packet[7] == 0x42;
}

enum demux_kind demux_classify(const uint8_t *packet, size_t size)
{
    if (size == 0) {
        return DEMUX_UNKNOWN;
    }
    uint8_t first = packet[0];
    if (first <= 3) {
        return is_stun(packet, size) ? DEMUX_STUN : DEMUX_UNKNOWN;
    }
    if (first >= 16 && first <= 19) {
        return DEMUX_ZRTP;
    }
    if (first >= 20 && first <= 63) {
        return DEMUX_DTLS;
    }
    if (first >= 64 && first <= 79) {
        return DEMUX_CHANNEL;
    }
    if (first >= 128 && first <= 191 && size >= RTP_SMALLEST) {
        return packet[1] >= 192 && packet[1] <= 223 ? DEMUX_RTCP : DEMUX_RTP;
    }
    return DEMUX_UNKNOWN;
}
