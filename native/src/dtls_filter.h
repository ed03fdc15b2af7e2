/* dtls_filter.h: which datagrams on a media port are worth a look by OpenSSL, told by their records alone (RFC 6347, 4.1 and 4.2).
 *
 * Nothing here is believed: it keeps what cannot be a handshake, and more of what may be one than a handshake needs, away from the
 * relay thread. Media thread only.
 */
#ifndef IP270_DTLS_FILTER_H
#define IP270_DTLS_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How many datagrams may pass. */
struct dtls_filter {
    int tokens;
};

void dtls_filter_init(struct dtls_filter *filter);

/** Once per tick. */
void dtls_filter_tick(struct dtls_filter *filter);

/** Whether to hand this datagram on; one that passes uses up a part of what may pass in a second. */
bool dtls_filter_passes(struct dtls_filter *filter, const uint8_t *datagram, size_t size);

/** Whether a datagram is made of whole DTLS records of known types and nothing else. Never reads past `size`. */
bool dtls_is_records(const uint8_t *datagram, size_t size);

/** Whether a datagram begins with a ClientHello, or with its first fragment. Never reads past `size`. */
bool dtls_is_client_hello(const uint8_t *datagram, size_t size);

#endif
