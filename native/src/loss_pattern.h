/* loss_pattern.h: how what was missed lies in time: alone, or in bursts (RFC 3611, 4.7.2).
 *
 * Fed with the packets that were played, in their order. What lies between two of them was lost on the way or came too late, which
 * sounds the same. A burst begins and ends with a missed packet, and nowhere in it come LOSS_PATTERN_GMIN played ones in a row; a
 * missed packet that stands alone belongs to the gap around it. No threads, no clock; zeroed memory is the first state.
 */
#ifndef IP270_LOSS_PATTERN_H
#define IP270_LOSS_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "ip270_media.h"

enum { LOSS_PATTERN_GMIN = MEDIA_GAP_THRESHOLD };

struct loss_pattern {
    bool started;
    int64_t next;                        /**< Sequence number expected next, extended                  */
    uint64_t run;                        /**< Played since the last missed one                         */
    uint64_t cluster_packets, cluster_missed;    /**< From the first missed one of the last burst, or of what may become one, to its last */
    uint64_t burst_packets, burst_missed, bursts;
    uint64_t gap_packets, gap_missed;
    uint64_t missed_runs;                /**< Sequences of missed packets, of any length               */
    uint64_t late;                       /**< Of the missed ones, those that came after all            */
};

/** All packets since the beginning, those of the burst that may still go on included. */
struct loss_summary {
    uint64_t packets;                    /**< Played and missed                                        */
    uint64_t missed;
    uint64_t late;                       /**< At most `missed`                                         */
    uint64_t missed_runs;
    uint64_t burst_packets, burst_missed, bursts;
    uint64_t gap_packets, gap_missed, gaps;
};

/** Packet `sequence` is played, or would be if it held sound. One that is older than the last is passed over. */
void loss_pattern_played(struct loss_pattern *p, int64_t sequence);

/** A packet came after its time. */
void loss_pattern_late(struct loss_pattern *p);

void loss_pattern_summary(const struct loss_pattern *p, struct loss_summary *out);

/** How much longer runs of missed packets are than where each is missed by chance alone: BurstR of ITU-T G.107, 3.5; 1 at least. */
double loss_summary_burst_ratio(uint64_t packets, uint64_t missed, uint64_t missed_runs);

#endif
