/* demux.h: what kind of packet shares the media port, told by its first byte (RFC 7983, RFC 5761 section 4). */
#ifndef IP270_DEMUX_H
#define IP270_DEMUX_H

#include <stddef.h>
#include <stdint.h>

enum demux_kind {
    DEMUX_UNKNOWN,   /**< Drop and count                                           */
    DEMUX_STUN,      /**< First byte 0 to 3, and the magic cookie in its place     */
    DEMUX_ZRTP,      /**< 16 to 19                                                 */
    DEMUX_DTLS,      /**< 20 to 63                                                 */
    DEMUX_CHANNEL,   /**< 64 to 79: TURN ChannelData                               */
    DEMUX_RTP,       /**< 128 to 191, second byte not 192 to 223                   */
    DEMUX_RTCP,      /**< 128 to 191, second byte 192 to 223                       */
};

/** Tells the kind of one datagram. Never reads past `size`. Says nothing about the rest of the packet's validity. */
enum demux_kind demux_classify(const uint8_t *packet, size_t size);

#endif
