/* receiver.h: one direction in: RTP packets in at any time, one 10 ms frame out per tick.
 *
 *   packet -> rtp_parse -> source and sequence checks -> jitter buffer -> decode -> stretch or conceal -> 160 samples
 *
 * Playout is counted in ticks (calls of receiver_get), so that the difference between the peer's clock and ours is taken up by
 * the same control that follows the jitter. No threads, no allocation after receiver_init. One thread at a time.
 */
#ifndef IP270_RECEIVER_H
#define IP270_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec.h"
#include "loss_pattern.h"
#include "rtcp.h"

enum {
    RECEIVER_PAYLOADS_MAX = 8,
    RECEIVER_DELAY_MAX_MS = MEDIA_BUFFER_LIMIT_MS,
};

struct receiver_payload {
    uint8_t type;                       /**< 0 to 127                                                             */
    enum codec_id codec;
};

struct receiver_config {
    struct receiver_payload payloads[RECEIVER_PAYLOADS_MAX];
    unsigned payload_count;
    int comfort_noise_type;             /**< Payload type 0 to 127 of RFC 3389 at 8 kHz, or -1                    */
    int telephone_event_type;           /**< Payload type 0 to 127, or -1                                         */
    unsigned telephone_event_clock;     /**< RTP clock of that type: 8000 or 48000                                */
};

enum receiver_event_kind {
    RECEIVER_STARTED,                   /**< First valid packet of all                                            */
    RECEIVER_SOURCE_CHANGED,            /**< Another SSRC took over                                               */
    RECEIVER_DIGIT,                     /**< A telephone event ended                                              */
};

struct receiver_event {
    enum receiver_event_kind kind;
    uint32_t ssrc;                      /**< The source, for all kinds                                            */
    char digit;                         /**< RECEIVER_DIGIT: one of "0123456789*#ABCD"                            */
    unsigned milliseconds;              /**< RECEIVER_DIGIT: how long it was pressed                              */
};

struct receiver_statistics {
    uint64_t received;                  /**< Valid packets of the sources we followed                             */
    int64_t lost;                       /**< Expected less received (RFC 3550 6.4.1); negative with duplicates    */
    uint64_t late;                      /**< Arrived after their whole time had been played                       */
    uint64_t duplicate;
    uint64_t reordered;                 /**< Arrived after a packet with a higher sequence number                 */
    uint64_t discarded;                 /**< Dropped for another reason: buffer full, unknown payload type, probation */
    uint64_t malformed;                 /**< Not RTP, or a payload its codec refuses                              */
    double jitter_ms;                   /**< Interarrival jitter, RFC 3550 6.4.1                                  */
    double buffer_ms;                   /**< Audio waiting now: decoded and not                                   */
    double target_delay_ms;             /**< What the control aims at                                             */
    double playout_delay_ms;            /**< Mean over about two seconds: from arrival of the fastest packets to playout */
    uint64_t concealed_ms;              /**< Time that was made up; silence between talkspurts doesn't count      */
    uint64_t stretched_ms;              /**< Time inserted or removed by time-stretching                          */
    struct loss_summary pattern;        /**< Of the source heard last                                             */
    double packet_ms;                   /**< Of its last packet                                                   */
    bool active;                        /**< A source has been heard                                              */
    enum codec_id codec;                /**< Of the last packet decoded; meaningless unless `active`              */
    uint32_t ssrc;
};

struct receiver;

/** Bytes to give receiver_init, aligned as malloc aligns. */
size_t receiver_size(void);

/** Starts anew: no source, counters at zero. Returns 0, or -EINVAL when the configuration is out of range. */
int receiver_init(struct receiver *r, const struct receiver_config *config);

/** Changes the payload map of a running receiver. Audio keeps flowing where a payload type keeps its codec.
    Returns 0, or -EINVAL and nothing has changed. */
int receiver_configure(struct receiver *r, const struct receiver_config *config);

/** One whole RTP datagram, checked, never trusted; the bytes are copied. `arrival_ns` is the kernel's receive time, on the same
    clock as the `now_ns` of receiver_get. */
void receiver_put(struct receiver *r, const uint8_t *packet, size_t size, int64_t arrival_ns);

/** One 10 ms frame at 16 kHz, always filled: with silence before the first packet and in long gaps, with the far end's
    noise where it described it (RFC 3389). Call once per tick,
    after the tick's packets have been put. */
void receiver_get(struct receiver *r, int16_t out[160], int64_t now_ns);

/** Whether the last frame was the far end's, heard or made up for what got lost of it; else it was silence of ours. */
bool receiver_playing(const struct receiver *r);

/** Takes the oldest waiting event; false when there is none. At most 16 wait, newer ones are dropped. */
bool receiver_event(struct receiver *r, struct receiver_event *event);

void receiver_statistics(const struct receiver *r, struct receiver_statistics *out);

/** Fills source, losses, highest sequence and jitter of an RR block and begins the next reporting interval (RFC 3550 A.3).
    The caller adds last_sr and delay_since_last_sr. False: no source yet, no block. */
bool receiver_report(struct receiver *r, struct rtcp_report_block *block);

#endif
