/* turn_frame.h: how datagrams between us and a TURN server carry those of a peer: ChannelData and indications (RFC 8656, 11 and 12).
 *
 * Nothing is copied; who sent a datagram is the caller's to know.
 */
#ifndef IP270_TURN_FRAME_H
#define IP270_TURN_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

enum { TURN_CHANNEL_HEADER = 4 };

/** What a datagram carries: `size` bytes at `start`. */
struct turn_frame {
    union address peer;
    size_t start;
    size_t size;
};

/** Reads ChannelData; `peer` is left alone. False where it is none, or shorter than it says. */
bool turn_channel_data(const uint8_t *packet, size_t size, uint16_t *channel, struct turn_frame *frame);

/** Reads a Data indication. False where it is none, or lacks its peer or its data. */
bool turn_data_indication(const uint8_t *packet, size_t size, struct turn_frame *frame);

/** Reads a Send indication of ours, likewise. */
bool turn_send_indication(const uint8_t *packet, size_t size, struct turn_frame *frame);

/** How many bytes a frame takes on a stream, its padding included, by its first TURN_CHANNEL_HEADER bytes (RFC 8656, 12.5). 0: it is
    neither ChannelData nor STUN. */
size_t turn_frame_on_stream(const uint8_t *header);

/** Writes the TURN_CHANNEL_HEADER bytes that go before `size` bytes of data, at most 65535. */
void turn_channel_header(uint8_t *header, uint16_t channel, size_t size);

#endif
