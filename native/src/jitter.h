/* jitter.h: packets in order of their sequence numbers, from arrival until playout takes them.
 *
 * A ring of slots indexed by sequence number: put and take are O(1), reordering costs nothing.
 */
#ifndef IP270_JITTER_H
#define IP270_JITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec.h"

enum { JITTER_SLOTS = 128 };

struct jitter_packet {
    bool used;
    int64_t sequence;                /**< Extended                                                    */
    int64_t time;                    /**< Media time of its first sample, 16 kHz samples              */
    const struct codec *codec;       /**< NULL: comfort noise, or a place in the sequence that holds no audio (an event, a keepalive) */
    bool noise;                      /**< The payload is RFC 3389's                                   */
    size_t samples;                  /**< That it will decode to                                      */
    size_t size;
    uint8_t payload[CODEC_PAYLOAD_MAX];
};

enum jitter_verdict {
    JITTER_STORED,
    JITTER_DUPLICATE,
    JITTER_LATE,                     /**< Playout has passed it                                       */
};

struct jitter_buffer {
    bool started;                    /**< `next` is set                                               */
    int64_t next;                    /**< Lowest sequence number still wanted                         */
    unsigned count;
    uint64_t overflows;              /**< Packets dropped unplayed because the ring was full          */
    struct jitter_packet slots[JITTER_SLOTS];
};

/** Forgets all packets; the next one put is the first. */
void jitter_reset(struct jitter_buffer *b);

/** Copies `packet` in. Its `size` is at most CODEC_PAYLOAD_MAX and `payload` may lie anywhere. */
enum jitter_verdict jitter_put(struct jitter_buffer *b, const struct jitter_packet *header, const uint8_t *payload);

/** The waiting packet with the lowest sequence number, or NULL. */
const struct jitter_packet *jitter_first(const struct jitter_buffer *b);

/** The waiting packet with the highest sequence number, or NULL. */
const struct jitter_packet *jitter_last(const struct jitter_buffer *b);

/** Drops the packet that jitter_first gave; all before it are late from now on. */
void jitter_drop_first(struct jitter_buffer *b);

#endif
