/* stun_filter.h: which STUN messages on a media port are worth Python's time, told without keys (RFC 8489, RFC 8445 section 7.3).
 *
 * A request must name one of our user fragments; a response must answer a transaction that was sent. Who passes is not believed yet:
 * integrity is checked above. Judged on the media thread; transactions are noted by the thread that sends.
 */
#ifndef IP270_STUN_FILTER_H
#define IP270_STUN_FILTER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STUN_FRAGMENTS = 2,                 /**< Ours, and the next one's while ICE restarts                          */
    STUN_FRAGMENT_BYTES = 33,           /**< Longest user fragment and its end                                    */
    STUN_AWAITED = 256,                 /**< Transactions that may be under way at once; older ones are forgotten */
};

struct stun_filter {
    char fragments[STUN_FRAGMENTS][STUN_FRAGMENT_BYTES];    /**< Empty: none; media thread                        */
    _Atomic uint64_t awaited[STUN_AWAITED];                 /**< Last 64 bits of each transaction ID; 0: none     */
    atomic_uint next;
};

/** Notes that the answer to this message is wanted, if it is a request. Any thread. */
void stun_filter_expect(struct stun_filter *filter, const uint8_t *packet, size_t size);

/** Whether to hand this message up. A response passes once. `packet` has passed demux_classify as STUN. Media thread. */
bool stun_filter_passes(struct stun_filter *filter, const uint8_t *packet, size_t size);

#endif
