#include "turn_frame.h"

#include <string.h>
#include <sys/socket.h>

enum {
    CHANNEL_FIRST_BYTE = 0x40,
    CHANNEL_LAST_BYTE = 0x4F,
    STUN_HEADER = 20,
    COOKIE_PLACE = 4,                   /* the magic cookie and the transaction follow one another */
    SEND_INDICATION = 0x0016,
    DATA_INDICATION = 0x0017,
    ATTRIBUTE_HEADER = 4,
    ATTRIBUTE_PEER = 0x0012,
    ATTRIBUTE_DATA = 0x0013,
    ATTRIBUTES_MAX = 16,
    ADDRESS_HEADER = 4,                 /* a zero, the family, the port */
    IPV4 = 1,
    IPV6 = 2,
    IPV4_BYTES = 4,
    IPV6_BYTES = 16,
};

static const uint8_t COOKIE[] = {0x21, 0x12, 0xa4, 0x42};

static unsigned word(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

bool turn_channel_data(const uint8_t *packet, size_t size, uint16_t *channel, struct turn_frame *frame)
{
    if (size < TURN_CHANNEL_HEADER || packet[0] < CHANNEL_FIRST_BYTE || packet[0] > CHANNEL_LAST_BYTE)
        return false;
    *channel = (uint16_t)word(packet);
    frame->start = TURN_CHANNEL_HEADER;
    frame->size = word(packet + 2);
    return frame->size <= size - TURN_CHANNEL_HEADER;
}

size_t turn_frame_on_stream(const uint8_t *header)
{
    size_t size = word(header + 2);
    if (header[0] >= CHANNEL_FIRST_BYTE && header[0] <= CHANNEL_LAST_BYTE)
        return TURN_CHANNEL_HEADER + ((size + 3) & ~(size_t)3);
    return header[0] < CHANNEL_FIRST_BYTE && size % 4 == 0 ? STUN_HEADER + size : 0;
}

void turn_channel_header(uint8_t *header, uint16_t channel, size_t size)
{
    header[0] = (uint8_t)(channel >> 8);
    header[1] = (uint8_t)channel;
    header[2] = (uint8_t)(size >> 8);
    header[3] = (uint8_t)size;
}

/* XOR-PEER-ADDRESS (RFC 8656, 18.3; RFC 8489, 14.2). `mask` is the cookie and the transaction. */
static bool read_peer(const uint8_t *value, size_t size, const uint8_t *mask, union address *peer)
{
    uint8_t host[IPV6_BYTES];
    if (size < ADDRESS_HEADER + IPV4_BYTES || value[1] < IPV4 || value[1] > IPV6)
        return false;
    size_t host_size = value[1] == IPV4 ? IPV4_BYTES : IPV6_BYTES;
    if (size != ADDRESS_HEADER + host_size)
        return false;
    for (size_t i = 0; i < host_size; i++)
        host[i] = value[ADDRESS_HEADER + i] ^ mask[i];
    memset(peer, 0, sizeof *peer);
    peer->generic.sa_family = value[1] == IPV4 ? AF_INET : AF_INET6;
    if (value[1] == IPV4)
        memcpy(&peer->v4.sin_addr, host, IPV4_BYTES);
    else
        memcpy(&peer->v6.sin6_addr, host, IPV6_BYTES);
    address_set_port(peer, (uint16_t)(word(value + 2) ^ word(mask)));
    return true;
}

static bool read_indication(const uint8_t *packet, size_t size, unsigned type, struct turn_frame *frame)
{
    bool peer = false, data = false;
    if (size < STUN_HEADER || word(packet) != type || memcmp(packet + COOKIE_PLACE, COOKIE, sizeof COOKIE) != 0)
        return false;
    size_t place = STUN_HEADER;
    for (unsigned i = 0; i < ATTRIBUTES_MAX && size - place >= ATTRIBUTE_HEADER && !(peer && data); i++) {
        const uint8_t *value = packet + place + ATTRIBUTE_HEADER;
        size_t length = word(packet + place + 2), padded = (length + 3) & ~(size_t)3, left = size - place - ATTRIBUTE_HEADER;
        if (length > left)
            return false;
        if (word(packet + place) == ATTRIBUTE_PEER) {
            peer = read_peer(value, length, packet + COOKIE_PLACE, &frame->peer);
        } else if (word(packet + place) == ATTRIBUTE_DATA) {
            data = true;
            frame->start = place + ATTRIBUTE_HEADER;
            frame->size = length;
        }
        place += ATTRIBUTE_HEADER + (padded < left ? padded : left);
    }
    return peer && data;
}

bool turn_data_indication(const uint8_t *packet, size_t size, struct turn_frame *frame)
{
    return read_indication(packet, size, DATA_INDICATION, frame);
}

bool turn_send_indication(const uint8_t *packet, size_t size, struct turn_frame *frame)
{
    return read_indication(packet, size, SEND_INDICATION, frame);
}
