/* dtls_cookie.h: how a server knows that a ClientHello comes from where it says it does, before it spends anything on it (RFC 6347,
 * 4.2.1). Relay thread only. */
#ifndef IP270_DTLS_COOKIE_H
#define IP270_DTLS_COOKIE_H

#include <openssl/ssl.h>
#include <stdint.h>

#include "address.h"

enum { DTLS_COOKIE_BYTES = 32 };

/** The SSL object's application data (SSL_set_app_data). */
struct dtls_cookie {
    uint8_t secret[DTLS_COOKIE_BYTES];
    union address peer;                 /**< Who claims to have sent what is being read                           */
};

/** Draws a secret. 0 or -EIO. */
int dtls_cookie_init(struct dtls_cookie *cookie);

/** Has every handshake of this context ask for the cookie. */
void dtls_cookie_ask(SSL_CTX *context);

#endif
