/* DTLS-SRTP handshakes whose datagrams are carried, lost, repeated, forged and multiplied by hand; and the filter before them. */
#include "dtls_bio.h"
#include "dtls_filter.h"
#include "dtls_rig.h"
#include "signals.h"

enum { FLOOD = 3000, ROUNDS_MAX = 20000, REMEMBERED = 64, PORT_CLIENT = 4000, PORT_SERVER = 5000 };

static const int64_t SECOND_NS = 1000LL * 1000 * 1000;
static struct identity ours, theirs;

/* What was carried, to be replayed. */
static struct packet carried[REMEMBERED];
static unsigned carried_count;

static void pause_ms(long milliseconds)
{
    struct timespec time = {.tv_nsec = milliseconds * 1000 * 1000};
    nanosleep(&time, NULL);
}

/* Carries what each has to say to the other, but loses one in so many, by chance: in turn, those that are sent again would be the
 * ones that are lost again. */
static void carry(struct end *from, struct end *to, unsigned lose_each)
{
    static uint32_t seed = 4711;
    struct packet packet;
    while (end_give(from, &packet)) {
        if (carried_count < REMEMBERED)
            carried[carried_count++] = packet;
        if (lose_each == 0 || random_next(&seed) / 7 % lose_each != 0)
            end_take(to, &from->address, packet.data, packet.size);
    }
}

static void converse(struct end *client, struct end *server, unsigned lose_each)
{
    bool ended = false;
    for (int round = 0; round < ROUNDS_MAX && !ended; round++) {
        end_serve(client);
        end_serve(server);
        carry(client, server, lose_each);
        carry(server, client, lose_each);
        ended = queue_count(&client->events.queue) != 0 && queue_count(&server->events.queue) != 0;
        if (lose_each != 0)
            pause_ms(1);
    }
    CHECK(ended);
}

static struct media_dtls_outcome connected(struct end *end)
{
    struct media_event event;
    struct media_dtls_outcome outcome;
    CHECK(end_event(end, &event));
    CHECK_EQUAL(event.kind, MEDIA_EVENT_DTLS_CONNECTED);
    CHECK_EQUAL(event.object, 1);
    CHECK_EQUAL(event.a, 7);
    CHECK_EQUAL(event.size, sizeof outcome);
    memcpy(&outcome, event.data, sizeof outcome);
    return outcome;
}

static void open_both(struct end *client, struct end *server)
{
    carried_count = 0;
    end_open(client, &ours, MEDIA_DTLS_CLIENT, PORT_CLIENT);
    end_open(server, &theirs, MEDIA_DTLS_SERVER, PORT_SERVER);
}

static void check_agreed(struct end *client, struct end *server)
{
    struct media_dtls_outcome at_client = connected(client), at_server = connected(server);
    size_t size = srtp_key_size(at_client.suite);
    CHECK_EQUAL(at_client.suite, MEDIA_SRTP_AEAD_AES_256_GCM);
    CHECK_EQUAL(at_server.suite, MEDIA_SRTP_AEAD_AES_256_GCM);
    CHECK(memcmp(at_client.send_key, at_server.receive_key, size) == 0);
    CHECK(memcmp(at_client.receive_key, at_server.send_key, size) == 0);
    CHECK(memcmp(at_client.send_key, at_client.receive_key, size) != 0);
    CHECK(memcmp(at_client.sha256, theirs.sha256, sizeof theirs.sha256) == 0);
    CHECK(memcmp(at_server.sha256, ours.sha256, sizeof ours.sha256) == 0);
}

static void close_both(struct end *client, struct end *server)
{
    end_close(client);
    end_close(server);
}

static void test_two_ends_agree(void)
{
    struct end client, server;
    open_both(&client, &server);
    converse(&client, &server, 0);
    check_agreed(&client, &server);
    CHECK_EQUAL(client.link->deadline_ns, RELAY_NEVER);
    CHECK_EQUAL(server.link->deadline_ns, RELAY_NEVER);
    close_both(&client, &server);
}

static void test_a_handshake_survives_loss(void)
{
    struct end client, server;
    open_both(&client, &server);
    converse(&client, &server, 4);
    check_agreed(&client, &server);
    close_both(&client, &server);
}

/* Every datagram is no longer than any path takes. */
static void test_datagrams_are_short(void)
{
    struct end client, server;
    open_both(&client, &server);
    converse(&client, &server, 0);
    CHECK(carried_count >= 4);
    for (unsigned i = 0; i < carried_count; i++)
        CHECK(carried[i].size <= 1200);
    close_both(&client, &server);
}

static void test_what_is_replayed_changes_nothing(void)
{
    struct end client, server;
    struct packet packet;
    open_both(&client, &server);
    converse(&client, &server, 0);
    check_agreed(&client, &server);
    for (unsigned i = 0; i < carried_count; i++) {
        end_take(&server, &client.address, carried[i].data, carried[i].size);
        end_take(&client, &server.address, carried[i].data, carried[i].size);
        while (end_give(&client, &packet) || end_give(&server, &packet))
            ;
    }
    CHECK_EQUAL(queue_count(&client.events.queue), 0);
    CHECK_EQUAL(queue_count(&server.events.queue), 0);
    close_both(&client, &server);
}

/* A client's first datagram: a ClientHello without a cookie. */
static struct packet first_of(struct end *client)
{
    struct packet hello;
    end_serve(client);
    CHECK(end_give(client, &hello));
    CHECK(dtls_is_client_hello(hello.data, hello.size));
    return hello;
}

/* However many come and from wherever: each is answered once and shortly to where it came from, and nothing is kept of it. */
static void test_a_flood_without_cookies_begins_nothing(void)
{
    struct end client, server;
    struct packet answer;
    open_both(&client, &server);
    struct packet hello = first_of(&client);
    for (unsigned i = 0; i < FLOOD; i++) {
        union address source;
        address_parse(&source, "198.51.100.7", (uint16_t)(1024 + i));
        end_take(&server, &source, hello.data, hello.size);
        CHECK(end_give(&server, &answer));
        CHECK(address_equal(&answer.source, &source));
        CHECK(answer.size < hello.size);
        CHECK(!end_give(&server, &answer));
        CHECK_EQUAL(server.link->deadline_ns, RELAY_NEVER);
    }
    end_take(&server, &client.address, hello.data, hello.size);
    converse(&client, &server, 0);
    check_agreed(&client, &server);
    close_both(&client, &server);
}

/* The client's second datagram: a ClientHello with the cookie that was made for `source`. */
static struct packet second_of(struct end *client, struct end *server, const union address *source)
{
    struct packet hello = first_of(client), request;
    end_take(server, source, hello.data, hello.size);
    CHECK(end_give(server, &request));
    end_take(client, &server->address, request.data, request.size);
    CHECK(end_give(client, &hello));
    return hello;
}

static void test_a_cookie_is_good_for_one_address(void)
{
    struct end client, server;
    struct packet answer;
    union address stranger;
    address_parse(&stranger, "198.51.100.7", 1024);
    open_both(&client, &server);
    struct packet hello = second_of(&client, &server, &client.address);
    end_take(&server, &stranger, hello.data, hello.size);
    CHECK(end_give(&server, &answer));
    CHECK(answer.size < hello.size);            /* asks for a cookie again */
    CHECK_EQUAL(server.link->deadline_ns, RELAY_NEVER);
    end_take(&server, &client.address, hello.data, hello.size);
    CHECK(server.link->deadline_ns != RELAY_NEVER);
    close_both(&client, &server);
}

/* Who has begun is not disturbed by others; but when he goes no further, another may. */
static void test_who_stops_half_way_gives_way(void)
{
    struct end stalling, client, server;
    struct packet packet;
    open_both(&stalling, &server);
    end_open(&client, &ours, MEDIA_DTLS_CLIENT, PORT_CLIENT + 2);
    struct packet hello = second_of(&stalling, &server, &stalling.address);
    end_take(&server, &stalling.address, hello.data, hello.size);
    while (end_give(&server, &packet))
        ;
    hello = first_of(&client);
    end_take(&server, &client.address, hello.data, hello.size);
    CHECK(!end_give(&server, &packet));
    server.later_ns = 3 * SECOND_NS;
    end_take(&server, &client.address, hello.data, hello.size);
    converse(&client, &server, 0);
    check_agreed(&client, &server);
    end_close(&stalling);
    close_both(&client, &server);
}

static void take_all(struct end *from, struct end *to)
{
    struct packet packet;
    while (end_give(from, &packet))
        end_take(to, &from->address, packet.data, packet.size);
}

/* However long he takes: whoever returns no cookie, which he cannot from an address that he forged, gets nothing but one. */
static void test_who_is_slow_is_disturbed_by_nobody_without_a_cookie(void)
{
    struct end slow, client, server;
    struct packet packet;
    open_both(&slow, &server);
    end_open(&client, &ours, MEDIA_DTLS_CLIENT, PORT_CLIENT + 2);
    struct packet hello = second_of(&slow, &server, &slow.address), forged = first_of(&client);
    end_take(&server, &slow.address, hello.data, hello.size);
    take_all(&server, &slow);
    server.later_ns = 3 * SECOND_NS;
    end_take(&server, &client.address, forged.data, forged.size);
    CHECK(end_give(&server, &packet));
    CHECK(address_equal(&packet.source, &client.address) && packet.size < forged.size);
    converse(&slow, &server, 0);
    check_agreed(&slow, &server);
    end_close(&client);
    close_both(&slow, &server);
}

/* Time is counted from the last step that was made. */
static void test_who_goes_on_keeps_his_place(void)
{
    struct end slow, client, server;
    struct packet packet;
    open_both(&slow, &server);
    end_open(&client, &ours, MEDIA_DTLS_CLIENT, PORT_CLIENT + 2);
    struct packet other = second_of(&client, &server, &client.address), hello = second_of(&slow, &server, &slow.address);
    end_take(&server, &slow.address, hello.data, hello.size);
    take_all(&server, &slow);
    CHECK(end_give(&slow, &packet));
    size_t first = 13 + (size_t)packet.data[11] * 256 + packet.data[12];        /* the record of his certificate */
    CHECK(first < packet.size);
    server.later_ns = SECOND_NS * 19 / 10;
    end_take(&server, &slow.address, packet.data, first);
    server.later_ns = 3 * SECOND_NS;
    end_take(&server, &client.address, other.data, other.size);
    CHECK_EQUAL(queue_count(&server.link->outgoing), 0);
    end_take(&server, &slow.address, packet.data + first, packet.size - first);
    converse(&slow, &server, 0);
    check_agreed(&slow, &server);
    end_close(&client);
    close_both(&slow, &server);
}

static void test_a_client_begins_when_it_can_send(void)
{
    struct end client;
    struct packet packet;
    end_open(&client, &ours, MEDIA_DTLS_CLIENT, PORT_CLIENT);
    struct relay_link *shut = dtls_new(ours.context, MEDIA_DTLS_CLIENT, 1, 8);
    shut->work->serve(shut, &client.events, clock_now());
    CHECK(!queue_pop(&shut->outgoing, &packet));
    shut->thread = &client.relay;
    dtls_open(shut);
    CHECK(client.relay.unsignalled);
    shut->work->serve(shut, &client.events, clock_now());
    CHECK(queue_pop(&shut->outgoing, &packet));
    CHECK(shut->deadline_ns != RELAY_NEVER);
    shut->work->free(shut);
    end_close(&client);
}

/* --- flights in fragments --- */

/* OpenSSL by itself, over a path that takes next to nothing. */
struct peer {
    SSL *ssl;
    struct dtls_wire wire;
    struct queue outgoing;
};

enum { SMALL_MTU = 256, LONG_CHAIN = 6, PROTOCOLS = 6, PROTOCOL = 250, FLIGHT_MAX = 64 };

static void peer_open(struct peer *peer, bool client)
{
    static uint8_t protocols[PROTOCOLS * PROTOCOL];     /* of no use but to make a ClientHello long (RFC 7301) */
    const uint8_t *der = theirs.certificate;
    memset(peer, 0, sizeof *peer);
    for (unsigned i = 0; i < PROTOCOLS; i++)
        protocols[i * PROTOCOL] = PROTOCOL - 1;
    CHECK_EQUAL(queue_init(&peer->outgoing, FLIGHT_MAX, sizeof(struct packet)), 0);
    peer->wire.outgoing = &peer->outgoing;
    peer->ssl = SSL_new(theirs.context);
    BIO *bio = dtls_bio_new(&peer->wire);
    SSL_set_bio(peer->ssl, bio, bio);
    SSL_set_mtu(peer->ssl, SMALL_MTU);
    X509 *certificate = d2i_X509(NULL, &der, (long)theirs.certificate_size);
    for (unsigned i = 0; i < LONG_CHAIN; i++)
        CHECK_EQUAL(SSL_add1_chain_cert(peer->ssl, certificate), 1);
    X509_free(certificate);
    if (client) {
        CHECK_EQUAL(SSL_set_alpn_protos(peer->ssl, protocols, sizeof protocols), 0);
        SSL_set_connect_state(peer->ssl);
    } else {
        SSL_set_accept_state(peer->ssl);
    }
}

static void peer_close(struct peer *peer)
{
    SSL_free(peer->ssl);
    queue_free(&peer->outgoing);
}

static void peer_take(struct peer *peer, const struct packet *packet)
{
    peer->wire.arrived = packet;
    SSL_do_handshake(peer->ssl);
    peer->wire.arrived = NULL;
}

/* A flight's datagrams, and where they are to be re-ordered, some of them in another's place. */
static unsigned take_flight(struct queue *outgoing, struct packet flight[FLIGHT_MAX], bool in_order)
{
    static uint32_t seed = 1;
    unsigned count = 0;
    while (count < FLIGHT_MAX && queue_pop(outgoing, &flight[count]))
        count++;
    for (unsigned i = 1; i < count && !in_order; i++) {
        unsigned other = random_next(&seed) / 7 % (i + 1);
        struct packet kept = flight[i];
        flight[i] = flight[other];
        flight[other] = kept;
    }
    return count;
}

static void converse_with(struct peer *peer, struct end *end, const union address *from, bool in_order)
{
    static struct packet flight[FLIGHT_MAX];
    unsigned longest = 0;
    for (int round = 0; round < ROUNDS_MAX && (queue_count(&end->events.queue) == 0 || !SSL_is_init_finished(peer->ssl)); round++) {
        if (DTLSv1_handle_timeout(peer->ssl) == 0)
            SSL_do_handshake(peer->ssl);
        unsigned count = take_flight(&peer->outgoing, flight, in_order);
        longest = count > longest ? count : longest;
        for (unsigned i = 0; i < count; i++)
            end_take(end, from, flight[i].data, flight[i].size);
        end_serve(end);
        count = take_flight(&end->link->outgoing, flight, in_order);
        for (unsigned i = 0; i < count; i++)
            peer_take(peer, &flight[i]);
        pause_ms(1);
    }
    CHECK(SSL_is_init_finished(peer->ssl));
    CHECK(longest > LONG_CHAIN);
}

static void check_in_fragments(enum media_dtls_role role, bool in_order)
{
    struct peer peer;
    struct end end;
    union address from;
    address_parse(&from, "192.0.2.1", PORT_CLIENT);
    peer_open(&peer, role == MEDIA_DTLS_SERVER);
    end_open(&end, &ours, role, PORT_SERVER);
    converse_with(&peer, &end, &from, in_order);
    struct media_dtls_outcome outcome = connected(&end);
    CHECK(memcmp(outcome.sha256, theirs.sha256, sizeof theirs.sha256) == 0);
    end_close(&end);
    peer_close(&peer);
}

static void test_a_long_chain_comes_in_fragments(void)
{
    check_in_fragments(MEDIA_DTLS_CLIENT, true);
    check_in_fragments(MEDIA_DTLS_CLIENT, false);
}

static void test_a_client_hello_comes_in_fragments(void)
{
    check_in_fragments(MEDIA_DTLS_SERVER, true);
    check_in_fragments(MEDIA_DTLS_SERVER, false);
}

/* --- the filter --- */

static const uint8_t HELLO[] = {22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 14, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2, 9, 9};

static bool hello_with(size_t at, uint8_t value)
{
    uint8_t changed[sizeof HELLO];
    memcpy(changed, HELLO, sizeof HELLO);
    changed[at] = value;
    return dtls_is_client_hello(changed, sizeof changed);
}

static bool records_with(size_t at, uint8_t value)
{
    uint8_t changed[sizeof HELLO];
    memcpy(changed, HELLO, sizeof HELLO);
    changed[at] = value;
    return dtls_is_records(changed, sizeof changed);
}

static void test_records(void)
{
    uint8_t twice[2 * sizeof HELLO];
    memcpy(twice, HELLO, sizeof HELLO);
    memcpy(twice + sizeof HELLO, HELLO, sizeof HELLO);
    CHECK(dtls_is_records(HELLO, sizeof HELLO));
    CHECK(dtls_is_records(twice, sizeof twice));
    for (size_t size = 0; size < sizeof HELLO; size++)
        CHECK(!dtls_is_records(HELLO, size));
    CHECK(!dtls_is_records(twice, sizeof twice - 1));
    CHECK(records_with(0, 20) && records_with(0, 23) && !records_with(0, 19) && !records_with(0, 24));
    CHECK(records_with(2, 0xfd) && !records_with(1, 3) && !records_with(2, 0xfe));
    CHECK(!records_with(12, 0) && !records_with(12, 13) && !records_with(12, 15));
}

static void test_client_hellos(void)
{
    CHECK(dtls_is_client_hello(HELLO, sizeof HELLO));
    CHECK(!hello_with(0, 23));          /* no handshake */
    CHECK(!hello_with(4, 1));           /* encrypted */
    CHECK(!hello_with(13, 2));          /* a ServerHello */
    CHECK(!hello_with(21, 1));          /* not its beginning */
    for (size_t size = 0; size < sizeof HELLO; size++)
        CHECK(!dtls_is_client_hello(HELLO, size));
}

static void test_no_more_passes_than_a_handshake_needs(void)
{
    struct dtls_filter filter;
    int passed = 0;
    dtls_filter_init(&filter);
    CHECK(!dtls_filter_passes(&filter, HELLO, 3));
    for (int i = 0; i < FLOOD; i++)
        passed += dtls_filter_passes(&filter, HELLO, sizeof HELLO);
    CHECK_EQUAL(passed, 64);
    for (int tick = 0; tick < 100; tick++) {
        dtls_filter_tick(&filter);
        passed += dtls_filter_passes(&filter, HELLO, sizeof HELLO) + dtls_filter_passes(&filter, HELLO, sizeof HELLO);
    }
    CHECK_EQUAL(passed, 164);
    for (int tick = 0; tick < FLOOD; tick++)
        dtls_filter_tick(&filter);
    for (passed = 0; dtls_filter_passes(&filter, HELLO, sizeof HELLO);)
        passed++;
    CHECK_EQUAL(passed, 64);
}

static void test_a_certificate_and_a_strange_key(void)
{
    static const uint8_t junk[100] = {0x30};
    CHECK(dtls_context_new(junk, sizeof junk, junk, sizeof junk) == NULL);
    CHECK(dtls_context_new(junk, 0, junk, 0) == NULL);
}

int main(void)
{
    ours = identity_new();
    theirs = identity_new();
    test_two_ends_agree();
    test_a_handshake_survives_loss();
    test_datagrams_are_short();
    test_what_is_replayed_changes_nothing();
    test_a_flood_without_cookies_begins_nothing();
    test_a_cookie_is_good_for_one_address();
    test_who_stops_half_way_gives_way();
    test_who_is_slow_is_disturbed_by_nobody_without_a_cookie();
    test_who_goes_on_keeps_his_place();
    test_a_client_begins_when_it_can_send();
    test_a_long_chain_comes_in_fragments();
    test_a_client_hello_comes_in_fragments();
    test_records();
    test_client_hellos();
    test_no_more_passes_than_a_handshake_needs();
    test_a_certificate_and_a_strange_key();
    SSL_CTX_free(ours.context);
    SSL_CTX_free(theirs.context);
    return 0;
}
