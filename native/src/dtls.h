/* dtls.h: one DTLS-SRTP association of a stream: the handshake whose outcome is SRTP's keys (RFC 5763, RFC 5764).
 *
 * A link of the relay thread. What it tells goes up as events: MEDIA_EVENT_DTLS_CONNECTED with the keys and the fingerprints of the
 * certificate that the far end has shown, which the owner has to compare with what signalling said before it uses the keys; or
 * MEDIA_EVENT_DTLS_FAILED. Datagrams come with the address they came from; those that are to be sent carry the address to send to as
 * their source, of family 0 where that is wherever the far end is.
 *
 * A server listens at once, and begins only with who has returned its cookie; a client begins when dtls_open says that datagrams can
 * leave. How long it may all take, the owner decides.
 */
#ifndef IP270_DTLS_H
#define IP270_DTLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "ip270_media.h"
#include "relay_thread.h"

/** Controlling thread. `number` stands in the events; NULL when there is no memory. */
struct relay_link *dtls_new(SSL_CTX *context, enum media_dtls_role role, int stream, int number);

/** Media thread: what the link leaves can be sent from now on. */
void dtls_open(struct relay_link *link);

/** Any thread. */
bool dtls_is_client(const struct relay_link *link);

#endif
