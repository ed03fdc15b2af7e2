#include "dtls_context.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "dtls_cookie.h"

/* Favourite first; a server chooses by this order (RFC 5764, 4.1.2; RFC 7714, 14.2). */
static const char PROFILES[] = "SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80:SRTP_AES128_CM_SHA1_32";
static const char CIPHERS[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

static int accept_any(int verified, X509_STORE_CTX *store)
{
    (void)verified, (void)store;
    return 1;
}

static int speak(SSL_CTX *context)
{
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_QUERY_MTU | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept_any);
    dtls_cookie_ask(context);
    /* The one call of OpenSSL's that answers 0 for success. */
    return SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1 && SSL_CTX_set_cipher_list(context, CIPHERS) == 1 &&
           SSL_CTX_set_tlsext_use_srtp(context, PROFILES) == 0;
}

static int identify(SSL_CTX *context, const uint8_t *certificate, size_t certificate_size, const uint8_t *key, size_t key_size)
{
    if (certificate_size > INT_MAX || key_size > INT_MAX)
        return 0;
    const uint8_t *at = key;
    EVP_PKEY *private_key = d2i_AutoPrivateKey(NULL, &at, (long)key_size);
    int done = private_key != NULL && SSL_CTX_use_certificate_ASN1(context, (int)certificate_size, certificate) == 1 &&
               SSL_CTX_use_PrivateKey(context, private_key) == 1 && SSL_CTX_check_private_key(context) == 1;
    EVP_PKEY_free(private_key);
    return done;
}

SSL_CTX *dtls_context_new(const uint8_t *certificate, size_t certificate_size, const uint8_t *key, size_t key_size)
{
    SSL_CTX *context = SSL_CTX_new(DTLS_method());
    if (context != NULL && !(speak(context) && identify(context, certificate, certificate_size, key, key_size))) {
        SSL_CTX_free(context);
        context = NULL;
    }
    ERR_clear_error();
    return context;
}
