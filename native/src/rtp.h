/* rtp.h: parse and build RTP packets (RFC 3550 section 5.1; extension header 5.3.1, RFC 8285). */
#ifndef IP270_RTP_H
#define IP270_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RTP_HEADER_SIZE = 12,     /**< Fixed header, without CSRC list and extension              */
    RTP_PACKET_MAX = 1500,    /**< Longer datagrams are not RTP of ours                       */
};

struct rtp_packet {
    bool marker;
    uint8_t payload_type;            /**< 0 to 127                                            */
    uint8_t csrc_count;              /**< 0 to 15                                             */
    uint16_t sequence;
    uint32_t timestamp;
    uint32_t ssrc;
    uint16_t extension_profile;      /**< 0 without extension                                 */
    const uint8_t *extension;        /**< Extension data without its four-byte head, or NULL  */
    size_t extension_size;
    const uint8_t *payload;          /**< Points into the parsed packet; padding removed      */
    size_t payload_size;
};

/** Parses one datagram. Returns 0, or -EBADMSG when version, CSRC list, extension or padding don't fit its size.
    An empty payload is valid (RFC 6263 keepalives). Pointers in `packet` reach into `data`. Any thread. */
int rtp_parse(struct rtp_packet *packet, const uint8_t *data, size_t size);

/** Writes fixed header and payload (no CSRC, no extension) and returns the packet's size, 0 when it doesn't fit.
    `packet->payload` may already stand at `buffer + RTP_HEADER_SIZE`; then nothing is copied. */
size_t rtp_build(uint8_t *buffer, size_t capacity, const struct rtp_packet *packet);

/** How far sequence number `b` is ahead of `a`, in -32768 .. 32767 (RFC 1982 arithmetic). */
static inline int rtp_sequence_distance(uint16_t a, uint16_t b)
{
    return (int16_t)(uint16_t)(b - a);
}

/** How far timestamp `b` is ahead of `a`, in -2^31 .. 2^31-1. */
static inline int32_t rtp_timestamp_distance(uint32_t a, uint32_t b)
{
    return (int32_t)(b - a);
}

#endif
