/* latch.h: where a stream's far end really is (symmetric RTP, RFC 4961; latching, RFC 7362).
 *
 * The address that signalling named is always believed. Another one is, since the far end may sit behind a NAT, but only when a whole
 * run of one source's packets has come from it and the named address has kept silent meanwhile: so a stranger who sprays packets at a
 * fresh call's port doesn't get the voice. It stays until signalling names an address anew, or the named one speaks.
 *
 * No sockets and no clock of its own. Media thread only.
 */
#ifndef IP270_LATCH_H
#define IP270_LATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "rtp.h"

struct latch {
    union address named;             /**< By signalling                                               */
    int64_t named_ns;                /**< When                                                        */
    bool chosen;                     /**< By ICE, which has proved it: nobody else is the far end     */
    bool closed;                     /**< `source` is set: the far end has been heard                 */
    union address source;
    union address candidate;         /**< Who sends the run below                                     */
    uint32_t candidate_ssrc;
    uint16_t candidate_next;         /**< Sequence number that continues it                           */
    unsigned run;                    /**< Packets of it; 0: no candidate                              */
};

/** Signalling named an address at `now_ns`: forgets what was heard if it is another than before. */
void latch_name(struct latch *latch, const union address *named, int64_t now_ns);

/** ICE chose an address: the far end is there and nowhere else. */
void latch_choose(struct latch *latch, const union address *chosen, int64_t now_ns);

/** True when this packet from `source` is the far end's. `changed` says that the far end is now somewhere else than before. */
bool latch_accept(struct latch *latch, const union address *source, const struct rtp_packet *packet, int64_t arrival_ns,
                  bool *changed);

/** False where latch_accept would refuse whatever the packet holds: spares reading it. */
bool latch_possible(const struct latch *latch, const union address *source);

/** Where to send: where the far end was heard, else where signalling said. */
const union address *latch_address(const struct latch *latch);

#endif
