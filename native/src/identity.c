/* The certificate of DTLS-SRTP's handshakes, and its key: self-signed, ECDSA on P-256 (RFC 8827, 6.5). */
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "ip270_media.h"

enum {
    VERSION_3 = 2,
    SERIAL_BITS = 159,                  /* 20 octets at most, and positive (RFC 5280, 4.1.2.2) */
};

/* The same for every phone, since whoever shakes hands reads it. */
static const unsigned char NAME[] = "phone";
/* Before any clock that has not been set yet, and no date of its own to end (RFC 5280, 4.1.2.5): it ends with the process. */
static const char BEGINS[] = "20000101000000Z";
static const char ENDS[] = "99991231235959Z";

static int number(X509 *certificate)
{
    BIGNUM *serial = BN_new();
    int done = serial != NULL && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
               BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate)) != NULL;
    BN_free(serial);
    return done;
}

static int fill(X509 *certificate, EVP_PKEY *pair)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    return X509_set_version(certificate, VERSION_3) == 1 && number(certificate) &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, NAME, -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1 &&
           ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate), BEGINS) == 1 &&
           ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), ENDS) == 1 &&
           X509_set_pubkey(certificate, pair) == 1 && X509_sign(certificate, pair, EVP_sha256()) > 0;
}

static int write(struct media_identity *identity, const X509 *certificate, const EVP_PKEY *pair)
{
    PKCS8_PRIV_KEY_INFO *key = EVP_PKEY2PKCS8(pair);
    uint8_t *certificate_at = identity->certificate, *key_at = identity->key;
    int certificate_size = i2d_X509(certificate, NULL), key_size = key == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(key, NULL);
    int fits = certificate_size > 0 && (size_t)certificate_size <= sizeof identity->certificate && key_size > 0 &&
               (size_t)key_size <= sizeof identity->key;
    if (fits) {
        identity->certificate_size = (size_t)i2d_X509(certificate, &certificate_at);
        identity->key_size = (size_t)i2d_PKCS8_PRIV_KEY_INFO(key, &key_at);
    }
    PKCS8_PRIV_KEY_INFO_free(key);
    return fits;
}

int media_identity_draw(struct media_identity *identity)
{
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    int done = pair != NULL && certificate != NULL && fill(certificate, pair) && write(identity, certificate, pair);
    X509_free(certificate);
    EVP_PKEY_free(pair);
    ERR_clear_error();
    return done ? 0 : -ENOMEM;
}
