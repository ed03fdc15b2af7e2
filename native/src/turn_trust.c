#include "turn_trust.h"

#include <openssl/err.h>
#include <stdlib.h>

#include "memory.h"

enum { SECURITY_LEVEL = 2 };            /* 112 bits, as Python's contexts have: no RSA below 2048 bits, no SHA-1 */

static bool speak(SSL_CTX *context, const char *ciphers)
{
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(context, ciphers) != 1)
        return false;
    SSL_CTX_set_security_level(context, SECURITY_LEVEL);        /* last: a list of ciphers may name a level, too */
    return true;
}

static bool believe(SSL_CTX *context, const char *file)
{
    return file[0] == '\0' ? SSL_CTX_set_default_verify_paths(context) == 1 : SSL_CTX_load_verify_locations(context, file, NULL) == 1;
}

struct media_trust *media_trust_new(const char *file, const char *ciphers)
{
    struct media_trust *trust = memory_new(sizeof *trust);
    if (trust == NULL)
        return NULL;
    trust->context = SSL_CTX_new(TLS_client_method());
    if (trust->context == NULL || !speak(trust->context, ciphers) || !believe(trust->context, file)) {
        media_trust_free(trust);
        trust = NULL;
    }
    ERR_clear_error();
    return trust;
}

void media_trust_free(struct media_trust *trust)
{
    SSL_CTX_free(trust->context);
    free(trust);
}
