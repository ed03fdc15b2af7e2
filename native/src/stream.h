/* One RTP stream, both directions: packets from its port to a receiver, a sender's packets to its port, RTCP beside them.
 *
 * Made and freed by the controlling thread; everything else happens on the media thread. */
#ifndef IP270_STREAM_H
#define IP270_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "continuity.h"
#include "dtls_filter.h"
#include "events.h"
#include "latch.h"
#include "level.h"
#include "mixer.h"
#include "packet_port.h"
#include "receiver.h"
#include "recording.h"
#include "reach.h"
#include "relay_thread.h"
#include "rtcp_session.h"
#include "sender.h"
#include "snapshot.h"
#include "srtp.h"

/* A configuration the controlling thread has checked and resolved. */
struct stream_setup {
    union address local;                /* to send from; family 0: the kernel's choice */
    union address remote[COMPONENTS];
    struct receiver_config receiver;
    struct sender_config sender;
    unsigned clock_rate;                /* of what we send */
    bool reachable;                     /* false: nothing at all is sent, RTCP neither */
    bool sends;
    bool receives;
    bool connected;
    bool rtcp_mux;
    bool chosen_by_ice;
    bool extended_reports;
    bool encrypted;                     /* without keys nothing leaves and nothing is taken */
    bool rtcp_apart;                    /* RTCP's keys are its own (RFC 5764, 4.1) */
    char cname[MEDIA_CNAME_BYTES];
};

/* Work of the relay thread that a stream may have. */
enum stream_link { LINK_DTLS_RTP, LINK_DTLS_RTCP, LINK_TURN_RTP, LINK_TURN_RTCP, STREAM_LINKS };

struct stream {
    struct party party;                 /* first: a stream is an object and a party on a bus */
    struct packet_port port;
    struct receiver *receiver;
    struct sender *sender;
    struct rtcp_session rtcp;
    struct reach reach;
    struct relay_link *links[STREAM_LINKS];             /* NULL: none; media thread */
    struct relay_link *turn[COMPONENTS];                /* the newest of LINK_TURN_RTP and _RTCP; the controlling thread's own */
    struct stream_setup setup;
    struct srtp_context *srtp[COMPONENTS][SRTP_DIRECTIONS];     /* NULL: in the clear; RTCP's only where it is apart */
    struct media_srtp keys[COMPONENTS]; /* of these contexts, or of those on their way; the controlling thread's own */
    struct continuity_slot *slot;       /* where it writes down how far it has come; NULL: nowhere */
    bool resumed;                       /* it goes on where a process before this one ended ... */
    struct continuity_state from;       /* ... which was here */
    bool resumed_keys;                  /* with the keys it had, or none; the controlling thread's own */
    struct recording *recording;        /* NULL: nothing is recorded */
    bool configured;
    struct dtls_filter dtls_filters[COMPONENTS];
    struct latch latch;                 /* where its RTP comes from ... */
    bool rtcp_heard;                    /* ... and its RTCP: `rtcp_source` is set */
    union address rtcp_source;
    int foreign_tokens;
    uint64_t wrong_source;
    uint64_t malformed;
    uint64_t foreign;
    uint64_t srtp_refused;
    uint64_t srtp_replayed;
    uint64_t send_errors;
    struct level level_in;
    struct level level_out;
    struct speech_level far_speech;
    uint32_t far_frames;                /* of those in `level_in`, the far end's; the others are silence of ours */
    struct snapshot snapshot;           /* struct media_stream_statistics */
};

/* Controlling thread. `identity` holds the SSRC, first sequence number and first timestamp. NULL when there is no memory. */
struct stream *stream_new(const struct sender_config *identity, uint64_t seed);
void stream_discard(struct stream *stream);      /* one whose port never opened */

/* Checks and resolves what Python asks for. 0 or -EINVAL. Any thread but the media thread. */
int stream_setup_from(struct stream_setup *setup, const struct media_stream_config *config);

void stream_configure(struct stream *stream, const struct stream_setup *setup, int64_t now_ns, int64_t wall_ns);

/* Takes in what has arrived. RTP waits for a tick in which `rtp` is set, RTCP for one in which `rtcp` is, or where ICE is checking ways
 * for it, for the next that takes RTP. */
void stream_receive(struct stream *stream, struct packet_batch *batch, struct events *events, bool rtp, bool rtcp);
/* Fills party.input with the next 10 ms, and reports what the receiver noticed. */
void stream_play(struct stream *stream, struct events *events, int64_t now_ns);
/* How many ticks from now the next RTP packet leaves, at the earliest: 1 or more. */
unsigned stream_ticks_to_packet(const struct stream *stream);
/* Takes party.heard; true when an RTP packet left. */
bool stream_send(struct stream *stream, int64_t now_ns);
/* Where reports go: where the far end's come from, else beside its RTP, else where signalling said. */
union address stream_rtcp_address(const struct stream *stream);
/* RTCP may come from another port than RTP, never from another host. */
bool stream_rtcp_possible(const struct stream *stream, const struct packet *packet);
/* Whether stream_report has something to send. */
bool stream_report_due(const struct stream *stream, int64_t now_ns);
/* Sends a report. `echo_loss_db` is that of the far end's voice in the microphones that talk to it; negative: not known. */
void stream_report(struct stream *stream, double echo_loss_db, int64_t now_ns);
/* Sends BYE, when anything was ever sent (RFC 3550 6.3.7). */
void stream_leave(struct stream *stream, int64_t now_ns);
/* Publishes the counters. */
void stream_publish(struct stream *stream);

#endif
