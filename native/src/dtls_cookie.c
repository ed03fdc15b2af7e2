#include "dtls_cookie.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/random.h>

_Static_assert((int)DTLS_COOKIE_BYTES <= DTLS1_COOKIE_LENGTH, "OpenSSL has no room for more");

/* An address without the octets of its structure that mean nothing. */
struct plain_address {
    uint8_t host[sizeof(struct in6_addr)];
    uint16_t port;
};

int dtls_cookie_init(struct dtls_cookie *cookie)
{
    return getrandom(cookie->secret, sizeof cookie->secret, 0) == sizeof cookie->secret ? 0 : -EIO;
}

static struct plain_address plain(const union address *address)
{
    struct plain_address plain = {.port = address_port(address)};
    if (address->generic.sa_family == AF_INET6)
        memcpy(plain.host, &address->v6.sin6_addr, sizeof address->v6.sin6_addr);
    else
        memcpy(plain.host, &address->v4.sin_addr, sizeof address->v4.sin_addr);
    return plain;
}

static int write_cookie(SSL *ssl, unsigned char *octets, unsigned int *size)
{
    const struct dtls_cookie *cookie = SSL_get_app_data(ssl);
    struct plain_address peer = plain(&cookie->peer);
    *size = DTLS_COOKIE_BYTES;
    return HMAC(EVP_sha256(), cookie->secret, sizeof cookie->secret, (const unsigned char *)&peer, sizeof peer, octets, size) != NULL;
}

static int check_cookie(SSL *ssl, const unsigned char *octets, unsigned int size)
{
    unsigned char wanted[DTLS_COOKIE_BYTES];
    unsigned int wanted_size;
    return write_cookie(ssl, wanted, &wanted_size) && size == wanted_size && CRYPTO_memcmp(octets, wanted, size) == 0;
}

void dtls_cookie_ask(SSL_CTX *context)
{
    SSL_CTX_set_cookie_generate_cb(context, write_cookie);
    SSL_CTX_set_cookie_verify_cb(context, check_cookie);
}
