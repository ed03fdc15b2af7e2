/* The certificate that the phone draws for its handshakes, as OpenSSL reads it. */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "check.h"
#include "dtls_context.h"
#include "ip270_media.h"

static X509 *parsed(const struct media_identity *identity)
{
    const uint8_t *at = identity->certificate;
    X509 *certificate = d2i_X509(NULL, &at, (long)identity->certificate_size);
    CHECK(certificate != NULL && at == identity->certificate + identity->certificate_size);
    return certificate;
}

static void is_self_signed_on_p256_and_never_ends(void)
{
    struct media_identity identity;
    CHECK_EQUAL(media_identity_draw(&identity), 0);
    X509 *certificate = parsed(&identity);
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    char curve[32], name[32];
    CHECK_EQUAL(X509_get_version(certificate), 2);
    CHECK_EQUAL(EVP_PKEY_get_group_name(key, curve, sizeof curve, NULL), 1);
    CHECK(strcmp(curve, "prime256v1") == 0);
    CHECK_EQUAL(X509_verify(certificate, key), 1);
    CHECK_EQUAL(X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)), 0);
    CHECK_EQUAL(X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name), 5);
    CHECK(strcmp(name, "phone") == 0);
    CHECK_EQUAL(ASN1_TIME_cmp_time_t(X509_get0_notBefore(certificate), 946684800), 0);
    CHECK_EQUAL(ASN1_TIME_cmp_time_t(X509_get0_notAfter(certificate), 253402300799), 0);
    X509_free(certificate);
}

static void each_is_another(void)
{
    struct media_identity one, other;
    CHECK_EQUAL(media_identity_draw(&one), 0);
    CHECK_EQUAL(media_identity_draw(&other), 0);
    X509 *first = parsed(&one), *second = parsed(&other);
    CHECK(ASN1_INTEGER_cmp(X509_get0_serialNumber(first), X509_get0_serialNumber(second)) != 0);
    CHECK(EVP_PKEY_eq(X509_get0_pubkey(first), X509_get0_pubkey(second)) != 1);
    X509_free(first);
    X509_free(second);
}

static void a_handshake_takes_both(void)
{
    struct media_identity identity, other;
    CHECK_EQUAL(media_identity_draw(&identity), 0);
    CHECK_EQUAL(media_identity_draw(&other), 0);
    SSL_CTX *context = dtls_context_new(identity.certificate, identity.certificate_size, identity.key, identity.key_size);
    CHECK(context != NULL);
    CHECK(dtls_context_new(identity.certificate, identity.certificate_size, other.key, other.key_size) == NULL);
    SSL_CTX_free(context);
}

int main(void)
{
    is_self_signed_on_p256_and_never_ends();
    each_is_another();
    a_handshake_takes_both();
    return 0;
}
