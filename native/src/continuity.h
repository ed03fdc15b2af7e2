/* continuity.h: how far each stream has come, in shared memory that outlives the process.
 *
 * A process that dies cannot say where its packets ended. Whoever goes on in its place must use no index of SRTP twice under one key
 * (RFC 3711, 9.1), and continues sequence numbers, timestamps and roll-over counters, so that the far end hears one stream. The
 * media thread writes each figure with one atomic store, what must not be repeated before it is used; so nothing can be torn
 * or be missing, wherever the process ends, and no step ahead is needed.
 *
 * The memory is a file of MEDIA_CONTINUITY_BYTES, sealed against shrinking, which would end the process that touches it.
 */
#ifndef IP270_CONTINUITY_H
#define IP270_CONTINUITY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "ip270_media.h"
#include "srtp.h"

/** A source, and how far its voice has come. */
struct continuity_source {
    _Atomic uint32_t ssrc;              /**< 0: nobody                                                            */
    _Atomic uint64_t index;             /**< The highest that was authentic                                       */
};

/** One stream. Control takes and frees it by `ssrc`; the rest is the media thread's. */
struct continuity_slot {
    _Atomic uint32_t ssrc;              /**< Ours; 0: nobody's                                                    */
    _Atomic uint32_t key_check;         /**< Of the keys that `sent` and `sent_reports` count under               */
    _Atomic uint64_t sent;              /**< Index that the next packet may have (RFC 3711, 3.3.1)                */
    _Atomic uint64_t sent_reports;      /**< How many SRTCP packets may have left under any key                   */
    _Atomic uint64_t clock;             /**< Engine time in ms, low 32 bits, over a packet's timestamp            */
    struct continuity_source received[SRTP_SOURCES_MAX];
    _Atomic uint64_t next_report[SRTP_SOURCES_MAX];     /**< An SSRC over one more than the highest index of its authentic SRTCP */
};

struct continuity;

/** Other keys, and what is counted under them from then on: packets that leave, those that come, and SRTCP that comes. */
struct continuity_change {
    uint32_t key_check;                 /* continuity_key_check of all keys, those that stay included */
    bool sent;
    bool received;
    bool reports;
};

/** What a slot said when a stream was taken over. */
struct continuity_state {
    uint32_t key_check;
    uint64_t sent;
    uint64_t sent_reports;
    uint32_t clock_ms;
    uint32_t timestamp;
    struct srtp_position received[SRTP_SOURCES_MAX];    /* of nobody where its SSRC is 0 */
    struct srtp_position next_report[SRTP_SOURCES_MAX]; /* likewise */
};

/** Controlling threads. Maps the file; what it holds is kept where it is of this version, and forgotten where not. 0, -EINVAL for a
    file that is too small or may shrink, or another negative errno. */
int continuity_open(struct continuity **result, int descriptor);
void continuity_close(struct continuity *continuity);

/** Controlling threads, one at a time. A slot for a new stream; NULL where all are taken. What was not found before is overwritten. */
struct continuity_slot *continuity_take(struct continuity *continuity, uint32_t ssrc);

/** Likewise. The slot that a stream of the process before has left, each once; NULL where there is none. */
struct continuity_slot *continuity_find(struct continuity *continuity, uint32_t ssrc, struct continuity_state *state);

/** The stream is gone. NULL is allowed. */
void continuity_free(struct continuity_slot *slot);

/** Tells keys apart without telling what they are to who has not got them. 0 where there are none. */
uint32_t continuity_key_check(const struct media_srtp keys[MEDIA_COMPONENTS]);

/** Media thread. Before the first packet under other keys: what of `sent` and the rest counts under them begins anew. */
void continuity_keys_changed(struct continuity_slot *slot, const struct continuity_change *change);

/** Media thread. A packet with this index and timestamp is about to leave. */
void continuity_sending(struct continuity_slot *slot, uint64_t index, uint32_t timestamp, int64_t now_ns);

/** Media thread. An SRTCP packet is about to leave. */
void continuity_reporting(struct continuity_slot *slot);

/** Media thread. How far one of the far end's sources has come. */
void continuity_received(struct continuity_slot *slot, const struct srtp_position *position);

/** Likewise with its SRTCP: srtp_next_report. */
void continuity_report_received(struct continuity_slot *slot, const struct srtp_position *next);

/** The timestamp that is due at `now_ns`, on a clock of so many units a second. */
uint32_t continuity_timestamp(const struct continuity_state *state, unsigned clock_rate, int64_t now_ns);

#endif
