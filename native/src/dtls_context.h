/* dtls_context.h: what every DTLS-SRTP handshake of the phone has in common (RFC 5764): its certificate, and what it speaks.
 *
 * DTLS 1.2 with forward secrecy and authenticated encryption only. The far end must show a certificate, and any will do, because
 * signalling names its fingerprint (RFC 5763, 5). Nothing is resumed, and nothing renegotiated.
 */
#ifndef IP270_DTLS_CONTEXT_H
#define IP270_DTLS_CONTEXT_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

/** Controlling thread. The certificate and its private key are DER. NULL where they cannot be read or don't belong together. */
SSL_CTX *dtls_context_new(const uint8_t *certificate, size_t certificate_size, const uint8_t *key, size_t key_size);

#endif
