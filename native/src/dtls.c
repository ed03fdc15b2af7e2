#include "dtls.h"

#include <openssl/err.h>
#include <openssl/srtp.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "dtls_bio.h"
#include "dtls_cookie.h"
#include "dtls_filter.h"
#include "memory.h"
#include "srtp.h"

enum {
    DATAGRAMS = 32,                     /* that wait, each way */
    MTU = 1200,                         /* fits any path, and a TURN channel's frame on it (RFC 8200, 5) */
    FIRST_TIMEOUT_US = 250 * 1000,      /* a call cannot wait for a second at its beginning; doubled each time, as RFC 6347, 4.2.4.1 */
    LAST_TIMEOUT_US = 4 * 1000 * 1000,  /* wants, but no further than a person would wait */
    SALT_BYTES_CM = 14,                 /* RFC 5764, 4.1.2 */
    SALT_BYTES_GCM = 12,                /* RFC 7714, 12 */
};

/* A handshake that somebody began and does not go on with gives way after that long to who returns another cookie. */
static const int64_t STALLED_NS = 2LL * 1000 * 1000 * 1000;

enum dtls_state { DTLS_WAITING, DTLS_LISTENING, DTLS_HANDSHAKING, DTLS_CONNECTED, DTLS_ENDED };

struct dtls {
    struct relay_link link;
    SSL *ssl;
    SSL *other;                         /* listens while `ssl` has stalled; NULL: was not needed yet */
    BIO_ADDR *unused;                   /* OpenSSL insists on telling what we know better */
    struct dtls_wire wire;
    struct dtls_cookie cookie;
    enum dtls_state state;
    bool client;
    int number;
    int64_t advanced_ns;                /* when the handshake last did */
    atomic_bool open;
};

static struct dtls *of(struct relay_link *link)
{
    return (struct dtls *)link;
}

/* --- what is agreed --- */

struct profile {
    unsigned long id;
    enum media_srtp_suite suite;
    size_t salt;
};

static const struct profile profiles[] = {
    {SRTP_AES128_CM_SHA1_80, MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80, SALT_BYTES_CM},
    {SRTP_AES128_CM_SHA1_32, MEDIA_SRTP_AES_CM_128_HMAC_SHA1_32, SALT_BYTES_CM},
    {SRTP_AEAD_AES_128_GCM, MEDIA_SRTP_AEAD_AES_128_GCM, SALT_BYTES_GCM},
    {SRTP_AEAD_AES_256_GCM, MEDIA_SRTP_AEAD_AES_256_GCM, SALT_BYTES_GCM},
};

static const struct profile *agreed_profile(SSL *ssl)
{
    const SRTP_PROTECTION_PROFILE *agreed = SSL_get_selected_srtp_profile(ssl);
    for (unsigned i = 0; agreed != NULL && i < sizeof profiles / sizeof *profiles; i++) {
        if (profiles[i].id == agreed->id)
            return &profiles[i];
    }
    return NULL;
}

/* The exported octets are the client's key, the server's, the client's salt, the server's (RFC 5764, 4.2). */
static bool export_keys(const struct dtls *dtls, const struct profile *profile, struct media_dtls_outcome *outcome)
{
    static const char label[] = "EXTRACTOR-dtls_srtp";
    uint8_t octets[2 * MEDIA_SRTP_KEY_BYTES];
    size_t size = srtp_key_size(profile->suite), key = size - profile->salt;
    if (SSL_export_keying_material(dtls->ssl, octets, 2 * size, label, sizeof label - 1, NULL, 0, 0) != 1)
        return false;
    uint8_t *client = dtls->client ? outcome->send_key : outcome->receive_key;
    uint8_t *server = dtls->client ? outcome->receive_key : outcome->send_key;
    memcpy(client, octets, key);
    memcpy(server, octets + key, key);
    memcpy(client + key, octets + 2 * key, profile->salt);
    memcpy(server + key, octets + 2 * key + profile->salt, profile->salt);
    explicit_bzero(octets, sizeof octets);
    outcome->suite = (uint8_t)profile->suite;
    return true;
}

static bool take_fingerprints(SSL *ssl, struct media_dtls_outcome *outcome)
{
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    return certificate != NULL && X509_digest(certificate, EVP_sha256(), outcome->sha256, NULL) == 1 &&
           X509_digest(certificate, EVP_sha384(), outcome->sha384, NULL) == 1 &&
           X509_digest(certificate, EVP_sha512(), outcome->sha512, NULL) == 1;
}

/* --- what is told --- */

/* Begins an event that says where the far end's last datagram came from. NULL as events_begin. */
static struct media_event *event_begin(const struct dtls *dtls, struct events *events, enum media_event_kind kind)
{
    const union address *peer = &dtls->cookie.peer;
    struct media_event *event = events_begin(events, kind, dtls->link.stream, dtls->number, address_port(peer));
    if (event != NULL && peer->generic.sa_family != AF_UNSPEC)
        address_format(peer, event->text, sizeof event->text);
    return event;
}

static void fail(struct dtls *dtls, struct events *events, const char *reason)
{
    const char *cause = ERR_reason_error_string(ERR_peek_error());
    const char *why = reason != NULL ? reason : cause != NULL ? cause : "";
    dtls->state = DTLS_ENDED;
    struct media_event *event = event_begin(dtls, events, MEDIA_EVENT_DTLS_FAILED);
    if (event == NULL)
        return;
    event->size = (uint16_t)strnlen(why, MEDIA_TEXT_BYTES);
    memcpy(event->data, why, event->size);
    events_commit(events);
}

static void tell_connected(struct dtls *dtls, struct events *events)
{
    struct media_dtls_outcome outcome = {.suite = MEDIA_SRTP_NONE};
    const struct profile *profile = agreed_profile(dtls->ssl);
    dtls->state = DTLS_CONNECTED;
    if (profile == NULL || !export_keys(dtls, profile, &outcome) || !take_fingerprints(dtls->ssl, &outcome)) {
        fail(dtls, events, "no SRTP profile in common");
        return;
    }
    struct media_event *event = event_begin(dtls, events, MEDIA_EVENT_DTLS_CONNECTED);
    if (event != NULL) {
        event->size = sizeof outcome;
        memcpy(event->data, &outcome, sizeof outcome);
        events_commit(events);
    }
    explicit_bzero(&outcome, sizeof outcome);
}

/* --- what listens and shakes hands --- */

static unsigned int longer_timeout(SSL *ssl, unsigned int last_us)
{
    (void)ssl;
    unsigned int next = last_us == 0 ? FIRST_TIMEOUT_US : last_us * 2;
    return next > LAST_TIMEOUT_US ? LAST_TIMEOUT_US : next;
}

static SSL *new_ssl(struct dtls *dtls, SSL_CTX *context)
{
    SSL *ssl = SSL_new(context);
    BIO *bio = ssl == NULL ? NULL : dtls_bio_new(&dtls->wire);
    if (bio == NULL) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_bio(ssl, bio, bio);
    SSL_set_app_data(ssl, &dtls->cookie);
    DTLS_set_timer_cb(ssl, longer_timeout);
    if (dtls->client)
        SSL_set_connect_state(ssl);
    else
        SSL_set_accept_state(ssl);
    return ssl;
}

/* --- steps --- */

static bool only_waits(const struct dtls *dtls, int result)
{
    int error = SSL_get_error(dtls->ssl, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void advance(struct dtls *dtls, struct events *events, int64_t now_ns)
{
    OSSL_HANDSHAKE_STATE before = SSL_get_state(dtls->ssl);
    ERR_clear_error();
    int result = SSL_do_handshake(dtls->ssl);
    if (SSL_get_state(dtls->ssl) != before)
        dtls->advanced_ns = now_ns;
    if (result == 1)
        tell_connected(dtls, events);
    else if (!only_waits(dtls, result))
        fail(dtls, events, NULL);
}

static void begin(struct dtls *dtls, struct events *events, int64_t now_ns)
{
    dtls->state = DTLS_HANDSHAKING;
    dtls->advanced_ns = now_ns;
    SSL_set_mtu(dtls->ssl, MTU);        /* each listening that came to nothing has forgotten it */
    advance(dtls, events, now_ns);
}

/* Answers every ClientHello by the cookie alone, and keeps nothing of it, until one comes that has the cookie. */
static void listen_for(struct dtls *dtls, struct events *events, int64_t now_ns)
{
    ERR_clear_error();
    if (DTLSv1_listen(dtls->ssl, dtls->unused) > 0)
        begin(dtls, events, now_ns);
}

/* Retransmissions are answered by OpenSSL, alerts taken note of; application data is none of ours. */
static void attend(struct dtls *dtls)
{
    uint8_t unwanted[PACKET_BYTES];
    ERR_clear_error();
    int result = SSL_read(dtls->ssl, unwanted, sizeof unwanted);
    if (result <= 0 && !only_waits(dtls, result))
        dtls->state = DTLS_ENDED;
}

static bool gives_way(const struct dtls *dtls, const struct packet *packet, int64_t now_ns)
{
    return dtls->state == DTLS_HANDSHAKING && now_ns - dtls->advanced_ns >= STALLED_NS &&
           dtls_is_client_hello(packet->data, packet->size);
}

/* From elsewhere than who has stalled, who loses his place only to who returns a cookie. */
static void listen_aside(struct dtls *dtls, const struct packet *packet, struct events *events, int64_t now_ns)
{
    const union address peer = dtls->cookie.peer;
    if (dtls->other == NULL)
        dtls->other = new_ssl(dtls, SSL_get_SSL_CTX(dtls->ssl));
    if (dtls->other == NULL)
        return;
    SSL *stalled = dtls->ssl;
    dtls->cookie.peer = dtls->wire.destination = packet->source;
    dtls->wire.arrived = packet;
    ERR_clear_error();
    if (DTLSv1_listen(dtls->other, dtls->unused) > 0) {
        dtls->ssl = dtls->other;
        dtls->other = NULL;
        SSL_free(stalled);
        begin(dtls, events, now_ns);
    } else {
        dtls->cookie.peer = dtls->wire.destination = peer;
    }
    dtls->wire.arrived = NULL;
}

static void take(struct dtls *dtls, const struct packet *packet, struct events *events, int64_t now_ns)
{
    bool listens = dtls->state == DTLS_LISTENING;
    if (!dtls->client && !listens && !address_equal(&dtls->cookie.peer, &packet->source)) {
        if (gives_way(dtls, packet, now_ns))
            listen_aside(dtls, packet, events, now_ns);
        return;
    }
    if (listens && !dtls_is_client_hello(packet->data, packet->size))
        return;
    dtls->cookie.peer = packet->source;
    if (!dtls->client)
        dtls->wire.destination = packet->source;
    dtls->wire.arrived = packet;
    switch (dtls->state) {
    case DTLS_LISTENING:
        listen_for(dtls, events, now_ns);
        break;
    case DTLS_HANDSHAKING:
        advance(dtls, events, now_ns);
        break;
    case DTLS_CONNECTED:
        attend(dtls);
        break;
    case DTLS_WAITING:
    case DTLS_ENDED:
        break;
    }
    dtls->wire.arrived = NULL;
}

static int64_t next_timeout(const struct dtls *dtls, int64_t now_ns)
{
    struct timeval left;
    if (dtls->state != DTLS_HANDSHAKING || DTLSv1_get_timeout(dtls->ssl, &left) != 1)
        return RELAY_NEVER;
    return now_ns + (int64_t)left.tv_sec * 1000000000 + (int64_t)left.tv_usec * 1000;
}

static void retransmit(struct dtls *dtls, struct events *events)
{
    ERR_clear_error();
    if (DTLSv1_handle_timeout(dtls->ssl) < 0)
        fail(dtls, events, "the other phone does not answer");
}

static void serve(struct relay_link *link, struct events *events, int64_t now_ns)
{
    struct dtls *dtls = of(link);
    const struct packet *packet;
    if (dtls->state == DTLS_WAITING && atomic_load(&dtls->open))
        begin(dtls, events, now_ns);
    while ((packet = queue_front(&link->incoming)) != NULL) {
        take(dtls, packet, events, now_ns);
        queue_release(&link->incoming);
    }
    if (dtls->state == DTLS_HANDSHAKING)
        retransmit(dtls, events);       /* does nothing before its time */
    link->deadline_ns = next_timeout(dtls, now_ns);
}

/* --- the controlling thread's and the media thread's --- */

static void free_dtls(struct relay_link *link)
{
    struct dtls *dtls = of(link);
    SSL_free(dtls->ssl);
    SSL_free(dtls->other);
    BIO_ADDR_free(dtls->unused);
    relay_link_close(link);
    explicit_bzero(dtls->cookie.secret, sizeof dtls->cookie.secret);
    free(dtls);
}

static const struct relay_work work = {serve, free_dtls};

static bool prepare(struct dtls *dtls, SSL_CTX *context)
{
    dtls->unused = BIO_ADDR_new();
    if (dtls->unused == NULL || dtls_cookie_init(&dtls->cookie) != 0)
        return false;
    dtls->ssl = new_ssl(dtls, context);
    return dtls->ssl != NULL;
}

struct relay_link *dtls_new(SSL_CTX *context, enum media_dtls_role role, int stream, int number)
{
    struct dtls *dtls = memory_new(sizeof *dtls);
    if (dtls == NULL)
        return NULL;
    if (relay_link_init(&dtls->link, &work, stream, DATAGRAMS) != 0) {
        free(dtls);
        return NULL;
    }
    dtls->number = number;
    dtls->client = role == MEDIA_DTLS_CLIENT;
    dtls->state = dtls->client ? DTLS_WAITING : DTLS_LISTENING;
    dtls->wire.outgoing = &dtls->link.outgoing;
    if (prepare(dtls, context))
        return &dtls->link;
    free_dtls(&dtls->link);
    return NULL;
}

void dtls_open(struct relay_link *link)
{
    struct dtls *dtls = of(link);
    if (atomic_load_explicit(&dtls->open, memory_order_relaxed))
        return;
    atomic_store(&dtls->open, true);
    relay_link_notify(link);
}

bool dtls_is_client(const struct relay_link *link)
{
    return ((const struct dtls *)link)->client;
}
