#include "rtp.h"

#include <errno.h>
#include <string.h>

#include "wire.h"

enum { RTP_VERSION = 2, EXTENSION_HEAD = 4 };

/* Finds CSRC list and extension; returns where the payload begins, or 0 when they reach past the end. */
static size_t skip_optional(struct rtp_packet *packet, const uint8_t *data, size_t size)
{
    size_t offset = RTP_HEADER_SIZE + 4u * packet->csrc_count;
    if (data[0] & 0x10) {
        if (offset + EXTENSION_HEAD > size) {
            return 0;
        }
        packet->extension_profile = wire_get16(data + offset);
        packet->extension_size = 4u * wire_get16(data + offset + 2);
        offset += EXTENSION_HEAD;
        packet->extension = data + offset;
        offset += packet->extension_size;
    }
    return offset <= size ? offset : 0;
}

int rtp_parse(struct rtp_packet *packet, const uint8_t *data, size_t size)
{
    if (size < RTP_HEADER_SIZE || size > RTP_PACKET_MAX || data[0] >> 6 != RTP_VERSION) {
        return -EBADMSG;
    }
    *packet = (struct rtp_packet){
        .csrc_count = data[0] & 0x0f,
        .marker = (data[1] & 0x80) != 0,
        .payload_type = data[1] & 0x7f,
        .sequence = wire_get16(data + 2),
        .timestamp = wire_get32(data + 4),
        .ssrc = wire_get32(data + 8),
    };
    size_t offset = skip_optional(packet, data, size);
    if (offset == 0) {
        return -EBADMSG;
    }
    if (data[0] & 0x20) {
        uint8_t padding = data[size - 1];
        if (padding == 0 || padding > size - offset) {
            return -EBADMSG;
        }
        size -= padding;
    }
    packet->payload = data + offset;
    packet->payload_size = size - offset;
    return 0;
}

size_t rtp_build(uint8_t *buffer, size_t capacity, const struct rtp_packet *packet)
{
    if (capacity < RTP_HEADER_SIZE || packet->payload_size > capacity - RTP_HEADER_SIZE) {
        return 0;
    }
    buffer[0] = RTP_VERSION << 6;
    buffer[1] = (uint8_t)((packet->marker ? 0x80 : 0) | (packet->payload_type & 0x7f));
    wire_put16(buffer + 2, packet->sequence);
    wire_put32(buffer + 4, packet->timestamp);
    wire_put32(buffer + 8, packet->ssrc);
    if (packet->payload_size > 0 && packet->payload != buffer + RTP_HEADER_SIZE) {
        memcpy(buffer + RTP_HEADER_SIZE, packet->payload, packet->payload_size);
    }
    return RTP_HEADER_SIZE + packet->payload_size;
}
