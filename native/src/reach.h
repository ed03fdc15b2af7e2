/* reach.h: how a stream's packets reach the far end where a plain socket does not: from a chosen address of our own, through a TURN
 * server (RFC 8656), and only as long as the far end consents (RFC 7675). Sent is through a channel; what the server passes on by
 * Data indications, before there is one, is heard too.
 *
 * All of it belongs to the media thread, but for the transactions that stun_filter notes.
 */
#ifndef IP270_REACH_H
#define IP270_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "ip270_media.h"
#include "packet_port.h"
#include "relay_thread.h"
#include "stun_filter.h"
#include "turn_frame.h"

/** A TURN server that lends a component an address. */
struct relay {
    union address server;               /**< Family 0: none                                                       */
    union address peer;
    uint16_t channel;                   /**< 0x4000 to 0x4FFF, to `peer`; 0: none yet                             */
    bool bound;                         /**< The server has said so                                               */
};

/** A configuration the controlling thread has checked and resolved. */
struct reach_setup {
    char fragments[STUN_FRAGMENTS][STUN_FRAGMENT_BYTES];
    struct relay relays[COMPONENTS];
    union address proved[MEDIA_PROVED]; /**< Family 0: none                                                       */
};

struct reach {
    struct stun_filter filter;
    struct relay relays[COMPONENTS];
    union address proved[MEDIA_PROVED];
    struct relay_link *streams[COMPONENTS];             /**< To the relays over TCP or TLS; NULL: over UDP        */
    bool consent_needed;
    int64_t consent_until_ns;
    bool silenced;                      /**< Nothing may be sent now                                              */
};

/** Checks and resolves what Python asks for. 0 or -EINVAL. Any thread but the media thread. */
int reach_setup_from(struct reach_setup *setup, const struct media_reach *wanted);

void reach_configure(struct reach *reach, const struct reach_setup *setup);

/** The far end consents for that long from now; 0: not at all, negative: for ever. */
void reach_consent(struct reach *reach, int32_t milliseconds, int64_t now_ns);

/** Once per tick, before anything is sent. */
void reach_tick(struct reach *reach, int64_t now_ns);

/** True while connectivity checks are under way, which want the RTCP socket read without delay. */
bool reach_is_checking(const struct reach *reach);

/** Takes the frame off what our relay passes on, in place: `source` becomes the peer. False where it is none, or is cut. */
bool reach_unwrap(const struct reach *reach, enum packet_component component, struct packet *packet);

/** Notes that the answer to what is about to be sent is wanted, be it for a server or for a peer behind it. Any thread. */
void reach_expect(struct reach *reach, const uint8_t *packet, size_t size);

/** Whether a STUN message is worth handing up. */
bool reach_admits(struct reach *reach, const struct packet *packet);

/** Whether the far end has answered a connectivity check from there: media may come from any pair that works (RFC 8445, 12.2). */
bool reach_has_proved(const struct reach *reach, const union address *source);

/** Sends to `to`, through the channel where one leads there. True when the packet was handed on. */
bool reach_send(const struct reach *reach, struct packet_port *port, enum packet_component component, const uint8_t *data,
                size_t size, const union address *from, const union address *to);

#endif
