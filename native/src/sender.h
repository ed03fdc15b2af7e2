/* sender.h: one direction out: 10 ms frames in, RTP packets out.
 *
 * 16 kHz frame -> codec -> packet of `packet_time_ms`; digits replace audio while they last (RFC 4733 2.5).
 * No threads, no sockets, no allocation after sender_init. One thread at a time.
 */
#ifndef IP270_SENDER_H
#define IP270_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec.h"

enum {
    SENDER_PACKET_MAX = 12 + CODEC_PAYLOAD_MAX,   /**< Give sender_put at least this much room            */
    SENDER_PACKET_TIME_MIN = 10,                  /**< ms                                                 */
    SENDER_PACKET_TIME_MAX = 60,                  /**< ms                                                 */
};

struct sender_config {
    enum codec_id codec;
    uint8_t payload_type;               /**< 0 to 127                                                     */
    unsigned packet_time_ms;            /**< 10 to 60 in steps of 10                                      */
    unsigned rate_max;                  /**< Bits of payload a second on average, from a codec that has a choice; 0: no limit */
    uint32_t ssrc;                      /**< These three are used by sender_init only                     */
    uint16_t first_sequence;            /**< Random, RFC 3550 5.1                                         */
    uint32_t first_timestamp;           /**< Random, RFC 3550 5.1                                         */
    int telephone_event_type;           /**< Payload type 0 to 127, or -1: digits are refused             */
    bool discontinuous;                 /**< Send next to nothing in silence (DTX)                        */
    int comfort_noise_type;             /**< Payload type 0 to 127 of RFC 3389, or -1: DTX only where the codec has its own */
    unsigned telephone_event_clock;     /**< Must be the codec's clock rate (RFC 4733 2.1, 7587 4.1: one clock per SSRC) */
};

struct sender_statistics {
    uint32_t packets;          /**< Audio and events; wraps as RFC 3550 wants in an SR                    */
    uint32_t octets;           /**< Payload octets                                                        */
    uint32_t timestamp;        /**< RTP timestamp of the next frame to be put, for the SR                 */
    uint16_t sequence;         /**< Of the next packet                                                    */
    bool digits_pending;       /**< An event is being sent or waits                                       */
};

struct sender;

/** Bytes to give sender_init, aligned as malloc aligns. */
size_t sender_size(void);

/** Starts anew. Returns 0, or -EINVAL when the configuration is out of range. */
int sender_init(struct sender *s, const struct sender_config *config);

/** Changes codec, payload type, rate, packet time or event type of a running sender. SSRC, sequence numbers, timestamps and counters
    go on, waiting digits and audio stay. Returns 0, or -EINVAL and nothing has changed. */
int sender_configure(struct sender *s, const struct sender_config *config);

/** One 10 ms frame. Returns the size of the RTP packet now in `packet` when one is due this tick, else 0. While `send` is
    false the timestamp goes on, nothing is made, and waiting digits are dropped; the first packet afterwards has the marker. */
size_t sender_put(struct sender *s, const int16_t in[160], bool send, uint8_t *packet, size_t capacity);

/** How many frames from now the next packet leaves, at the earliest: 1 or more. One that sends is meant. */
unsigned sender_frames_to_packet(const struct sender *s);

/** Queues a digit ("0123456789*#ABCD"); false when it is none, 32 wait already, or no event type is agreed on. */
bool sender_digit(struct sender *s, char digit, unsigned milliseconds);

/** What the far end reported lost of our packets, 0 to 1: from 1 % on, and until the first report, a codec that can sends redundancy.
    About ten reports without loss end it again. */
void sender_note_loss(struct sender *s, double share);

void sender_statistics(const struct sender *s, struct sender_statistics *out);

#endif
