/* turn_trust.h: by which rule a TURN server over TLS is believed, as app/security/tls.py has it: TLS 1.2 or 1.3, and a chain to known
 * authorities.
 *
 * Reading the authorities of a system takes tens of milliseconds, so that it is done once, by a worker, and not by the relay thread for
 * each connection: all connections share the context, and each holds it as long as it lives.
 */
#ifndef IP270_TURN_TRUST_H
#define IP270_TURN_TRUST_H

#include <openssl/ssl.h>

#include "ip270_media.h"

struct media_trust {
    SSL_CTX *context;
};

#endif
