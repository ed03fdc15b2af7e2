/* source.h: one RTP source as its receiver sees it: sequence numbers, losses, jitter (RFC 3550 appendix A). */
#ifndef IP270_SOURCE_H
#define IP270_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtcp.h"

enum source_verdict {
    SOURCE_ACCEPTED,
    SOURCE_DOUBTED,      /**< Far off, or another SSRC: drop it until its successor confirms it       */
    SOURCE_STARTED,      /**< Accepted, and everything known before is void: first packet, new SSRC or restarted sender */
};

struct source {
    bool known;
    uint32_t ssrc;
    int64_t first;                   /**< Extended sequence number of the first packet                */
    int64_t highest;                 /**< Extended sequence number                                    */
    int64_t received;
    int64_t expected_before, received_before;    /**< At the last report                              */
    bool doubted;                    /**< The two below are set                                       */
    uint32_t doubted_ssrc;
    uint16_t doubted_next;
    bool has_transit;
    uint32_t transit;                /**< Arrival less timestamp, in timestamp units                  */
    double jitter;                   /**< Timestamp units                                             */
};

/** Judges the next packet; gives its extended sequence number unless it is doubted. Zeroed memory is the first state. */
enum source_verdict source_check(struct source *s, uint32_t ssrc, uint16_t sequence, int64_t *extended);

/** Interarrival jitter (A.8); `arrival` is in units of the timestamp. */
void source_arrival(struct source *s, uint32_t timestamp, uint32_t arrival);

/** Forgets the arrival before, when timestamps begin anew. */
void source_forget_arrival(struct source *s);

/** Packets lost over all, A.3. */
int64_t source_lost(const struct source *s);

/** Fills an RR block but for last_sr and delay_since_last_sr, and begins the next interval, A.3. */
void source_report(struct source *s, struct rtcp_report_block *block);

#endif
