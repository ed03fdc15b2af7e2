/* The RTCP side of one stream: when to report (RFC 3550 6.2, 6.3), what, and what the far end's reports say.
 *
 * Media thread only; no sockets and no clock of its own. */
#ifndef IP270_RTCP_SESSION_H
#define IP270_RTCP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ip270_media.h"
#include "receiver.h"
#include "rtcp.h"
#include "sender.h"
#include "voip_metrics.h"

struct rtcp_session {
    uint32_t ssrc;
    char cname[MEDIA_CNAME_BYTES];
    int64_t wall_offset_ns;             /* wall time less engine time, taken once: a set clock can't bend a round trip */
    int64_t next_ns;                    /* when the next report is due */
    uint64_t random;                    /* never 0 */
    uint32_t packets_reported;          /* packets sent when the report before was made */
    unsigned silent_reports;            /* reports since we last sent RTP */
    uint32_t last_sr;                   /* middle of the far end's NTP time */
    int64_t last_sr_arrival_ns;
    uint64_t sent;
    uint64_t received;
    uint64_t reports;                   /* blocks about us */
    double round_trip_ms;               /* negative: unknown */
    double remote_fraction_lost;        /* negative: unknown */
    double remote_jitter_ms;            /* negative: unknown */
    bool extended;                      /* send VoIP metrics too */
    uint32_t remote_metrics_count;      /* those about us that came */
    struct media_voip_metrics remote_metrics;   /* the last of them */
};

void rtcp_session_init(struct rtcp_session *session, uint32_t ssrc, uint64_t seed);

/* Called when the stream is configured; the first report is due within half an interval of the first start. */
void rtcp_session_start(struct rtcp_session *session, const char *cname, int64_t now_ns, int64_t wall_ns);

/* What of the conditions the reports tell; the rest is left as it is. */
void rtcp_session_conditions(const struct rtcp_session *session, struct voip_conditions *conditions);

bool rtcp_session_due(const struct rtcp_session *session, int64_t now_ns);

/* Builds SR or RR with SDES, the VoIP metrics under these `conditions` where they are wanted and something was heard, and BYE when
 * `bye`; draws the next interval. Returns the compound's size, 0 when it doesn't fit. */
size_t rtcp_session_report(struct rtcp_session *session, struct receiver *receiver, const struct sender *sender,
                           const struct voip_conditions *conditions, int64_t now_ns, bool bye, uint8_t *packet, size_t capacity);

/* One compound from a source already judged to be the far end. `clock_rate` is that of what we send. Returns false when it is
 * malformed; `bye` tells whether `remote_ssrc` left. */
bool rtcp_session_receive(struct rtcp_session *session, const uint8_t *packet, size_t size, int64_t arrival_ns,
                          unsigned clock_rate, uint32_t remote_ssrc, bool *bye);

#endif
