/* dtls_rig.h: an association without an engine: its datagrams are carried by hand. */
#ifndef IP270_TESTS_DTLS_RIG_H
#define IP270_TESTS_DTLS_RIG_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include <time.h>

#include "check.h"
#include "clock.h"
#include "dtls.h"
#include "dtls_context.h"
#include "events.h"
#include "srtp.h"

/* A certificate that somebody has made for himself, and its context. */
struct identity {
    uint8_t sha256[32];
    uint8_t certificate[1024], key[512];        /* DER */
    size_t certificate_size, key_size;
    SSL_CTX *context;
};

static inline struct identity identity_new(void)
{
    struct identity identity;
    uint8_t *certificate = identity.certificate, *key = identity.key;
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    X509 *made = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(made), 0);
    X509_gmtime_adj(X509_getm_notAfter(made), 3600);
    X509_set_pubkey(made, pair);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(made));
    CHECK(X509_sign(made, pair, EVP_sha256()) > 0);
    CHECK_EQUAL(X509_digest(made, EVP_sha256(), identity.sha256, NULL), 1);
    CHECK(i2d_X509(made, NULL) <= (int)sizeof identity.certificate && i2d_PrivateKey(pair, NULL) <= (int)sizeof identity.key);
    identity.certificate_size = (size_t)i2d_X509(made, &certificate);
    identity.key_size = (size_t)i2d_PrivateKey(pair, &key);
    identity.context = dtls_context_new(identity.certificate, identity.certificate_size, identity.key, identity.key_size);
    CHECK(identity.context != NULL);
    X509_free(made);
    EVP_PKEY_free(pair);
    return identity;
}

struct end {
    struct relay_thread relay;          /* only to be told of what comes */
    struct relay_link *link;
    struct events events;
    union address address;
    int64_t later_ns;                   /* how far its clock has been put forward */
};

static inline void end_open(struct end *end, const struct identity *identity, enum media_dtls_role role, uint16_t port)
{
    memset(end, 0, sizeof *end);
    CHECK_EQUAL(events_init(&end->events, -1), 0);
    CHECK_EQUAL(address_parse(&end->address, "192.0.2.1", port), 0);
    end->link = dtls_new(identity->context, role, 1, 7);
    CHECK(end->link != NULL);
    end->link->thread = &end->relay;
    dtls_open(end->link);
}

static inline void end_close(struct end *end)
{
    end->link->work->free(end->link);
    events_free(&end->events);
}

static inline void end_serve(struct end *end)
{
    end->link->work->serve(end->link, &end->events, clock_now() + end->later_ns);
}

/* Hands a datagram in as if it had come from `source`. */
static inline void end_take(struct end *end, const union address *source, const uint8_t *data, size_t size)
{
    struct packet packet = {.source = *source, .size = size};
    CHECK(size <= sizeof packet.data);
    memcpy(packet.data, data, size);
    CHECK(relay_link_put(end->link, &packet));
    end_serve(end);
}

/* The next datagram that is to be sent, or false. */
static inline bool end_give(struct end *end, struct packet *packet)
{
    return queue_pop(&end->link->outgoing, packet);
}

/* The next event, or false. */
static inline bool end_event(struct end *end, struct media_event *event)
{
    return queue_pop(&end->events.queue, event);
}

#endif
