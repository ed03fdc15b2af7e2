#include "turn_link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "memory.h"
#include "turn_frame.h"
#include "turn_trust.h"

enum {
    PACKETS = 32,                       /* that wait, each way: as long as anybody would want to hear them afterwards */
    READS_AT_ONCE = 64,                 /* of one server, before others have their turn: head and rest of 32 frames */
    CONNECT_SECONDS = 5,
    STALL_SECONDS = 5,
    PADDING = 3,
};

static const int64_t SECOND_NS = 1000LL * 1000 * 1000;

enum turn_state { TURN_NEW, TURN_CONNECTING, TURN_HANDSHAKING, TURN_OPEN, TURN_CLOSED };

struct turn_link {
    struct relay_link link;
    const struct worker *worker;        /* the relay thread's */
    unsigned component;
    int number;
    union address server;
    SSL_CTX *context;                   /* NULL: TCP alone */
    char name[MEDIA_NAME_BYTES];
    struct queue said;                  /* struct packet, from the controlling thread */
    enum turn_state state;
    SSL *ssl;                           /* NULL: TCP alone */
    short wanted;                       /* poll(2) events that OpenSSL waits for */
    struct packet arriving;
    size_t skipping;                    /* bytes of a frame longer than any packet that are still to come, and to be thrown away */
    bool credible;                      /* a whole frame has come: what is too long now is a peer's doing, no lie */
    uint8_t leaving[PACKET_BYTES + PADDING];
    size_t leaving_size;
    size_t left;                        /* of these bytes the first have gone */
    int64_t until_ns;                   /* to connect, or to take what leaves; RELAY_NEVER */
};

static struct turn_link *of(struct relay_link *link)
{
    return (struct turn_link *)link;
}

/* --- the end --- */

static void disconnect(struct turn_link *turn)
{
    SSL_free(turn->ssl);
    turn->ssl = NULL;
    if (turn->link.descriptor >= 0)
        close(turn->link.descriptor);
    turn->link.descriptor = -1;
    turn->link.deadline_ns = turn->until_ns = RELAY_NEVER;
    turn->state = TURN_CLOSED;
}

static void fail(struct turn_link *turn, struct events *events, const char *reason)
{
    struct media_event *event = events_begin(events, MEDIA_EVENT_TURN_CLOSED, turn->link.stream, (int64_t)turn->component, turn->number);
    if (event != NULL) {
        snprintf(event->text, sizeof event->text, "%s", reason);
        events_commit(events);
    }
    disconnect(turn);
}

/* Why OpenSSL gave up, in its own words. */
static const char *reason_of(const struct turn_link *turn)
{
    long verified = SSL_get_verify_result(turn->ssl);
    if (verified != X509_V_OK)
        return X509_verify_cert_error_string(verified);
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    return reason != NULL ? reason : "the server closed the connection";
}

/* --- the beginning --- */

static bool name_server(SSL *ssl, const char *name)
{
    X509_VERIFY_PARAM *rule = SSL_get0_param(ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(rule, name) == 1)
        return true;
    X509_VERIFY_PARAM_set_hostflags(rule, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(rule, name, 0) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

/* NULL, or why it cannot be. */
static const char *begin_tls(struct turn_link *turn)
{
    turn->ssl = SSL_new(turn->context);
    if (turn->ssl == NULL || !name_server(turn->ssl, turn->name) || SSL_set_fd(turn->ssl, turn->link.descriptor) != 1)
        return "TLS cannot be set up";
    SSL_set_connect_state(turn->ssl);
    return NULL;
}

static void begin(struct turn_link *turn, struct events *events, int64_t now_ns)
{
    const int on = 1;
    turn->link.descriptor = socket(turn->server.generic.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (turn->link.descriptor < 0 || setsockopt(turn->link.descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) {
        fail(turn, events, strerror(errno));
        return;
    }
    turn->state = TURN_CONNECTING;
    turn->until_ns = now_ns + CONNECT_SECONDS * SECOND_NS;
}

/* Asked again, connect tells how far it is. */
static void go_on_connecting(struct turn_link *turn, struct events *events)
{
    if (connect(turn->link.descriptor, &turn->server.generic, address_length(&turn->server)) < 0 && errno != EISCONN) {
        if (errno != EINPROGRESS && errno != EALREADY)
            fail(turn, events, strerror(errno));
        return;
    }
    const char *obstacle = turn->context != NULL ? begin_tls(turn) : NULL;
    if (obstacle != NULL)
        fail(turn, events, obstacle);
    else
        turn->state = turn->context != NULL ? TURN_HANDSHAKING : TURN_OPEN;
}

/* What OpenSSL waits for; false where it has given up. */
static bool is_waiting(struct turn_link *turn, int result)
{
    int error = SSL_get_error(turn->ssl, result);
    turn->wanted = error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void go_on_with_handshake(struct turn_link *turn, struct events *events)
{
    ERR_clear_error();
    int result = SSL_do_handshake(turn->ssl);
    if (result == 1)
        turn->state = TURN_OPEN;
    else if (!is_waiting(turn, result))
        fail(turn, events, reason_of(turn));
}

/* --- bytes --- */

/* How many bytes were read or written; 0: none can be now, -1: none ever will. */
static ssize_t transfer(struct turn_link *turn, bool reads, uint8_t *bytes, size_t size)
{
    if (turn->ssl != NULL) {
        ERR_clear_error();
        int done = reads ? SSL_read(turn->ssl, bytes, (int)size) : SSL_write(turn->ssl, bytes, (int)size);
        if (done > 0)
            return done;
        return is_waiting(turn, done) ? 0 : -1;
    }
    ssize_t done = reads ? recv(turn->link.descriptor, bytes, size, 0) : send(turn->link.descriptor, bytes, size, MSG_NOSIGNAL);
    if (done > 0)
        return done;
    return done < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static void take_frame(struct turn_link *turn, int64_t now_ns)
{
    struct packet *packet = &turn->arriving;
    packet->arrival_ns = now_ns;
    packet->source = turn->server;
    packet->streamed = true;
    queue_push(&turn->link.outgoing, packet);
    packet->size = 0;
    turn->credible = true;
}

/* Judges the head of a frame that has come: how many bytes are wanted in all. 0 where no TURN server speaks like this.
   A peer may send a server a datagram longer than any packet of ours, which passes it on (RFC 8656, 12.7): over UDP that would be cut,
   here it is thrown away. */
static size_t judge_head(struct turn_link *turn)
{
    struct packet *packet = &turn->arriving;
    size_t whole = turn_frame_on_stream(packet->data);
    if (whole <= sizeof packet->data)
        return whole;
    if (!turn->credible)
        return 0;
    turn->skipping = whole - packet->size;
    packet->size = 0;
    return TURN_CHANNEL_HEADER;
}

static ssize_t skip(struct turn_link *turn)
{
    size_t room = sizeof turn->arriving.data;
    ssize_t got = transfer(turn, true, turn->arriving.data, turn->skipping < room ? turn->skipping : room);
    if (got > 0)
        turn->skipping -= (size_t)got;
    return got;
}

/* Reads once, and takes the frame that is whole by that: as `transfer`. */
static ssize_t read_some(struct turn_link *turn, int64_t now_ns)
{
    struct packet *packet = &turn->arriving;
    if (turn->skipping != 0)
        return skip(turn);
    size_t whole = packet->size < TURN_CHANNEL_HEADER ? TURN_CHANNEL_HEADER : turn_frame_on_stream(packet->data);
    ssize_t got = transfer(turn, true, packet->data + packet->size, whole - packet->size);
    if (got <= 0)
        return got;
    packet->size += (size_t)got;
    if (packet->size == TURN_CHANNEL_HEADER) {
        whole = judge_head(turn);
        if (whole == 0)
            return -1;
    }
    if (packet->size == whole && packet->size >= TURN_CHANNEL_HEADER)
        take_frame(turn, now_ns);
    return got;
}

/* Until the server has no more to say for now. False where it is gone, or speaks what no TURN server does. */
static bool receive(struct turn_link *turn, int64_t now_ns)
{
    for (unsigned reads = 0; reads < READS_AT_ONCE; reads++) {
        ssize_t got = read_some(turn, now_ns);
        if (got <= 0)
            return got == 0;
    }
    turn->link.deadline_ns = now_ns;    /* more may lie within OpenSSL, which poll does not see */
    return true;
}

static bool take_next(struct turn_link *turn)
{
    struct queue *ring = queue_front(&turn->said) != NULL ? &turn->said : &turn->link.incoming;
    const struct packet *packet = queue_front(ring);
    if (packet == NULL)
        return false;
    memcpy(turn->leaving, packet->data, packet->size);
    turn->leaving_size = (packet->size + PADDING) & ~(size_t)PADDING;
    memset(turn->leaving + packet->size, 0, turn->leaving_size - packet->size);
    turn->left = 0;
    queue_release(ring);
    return true;
}

static bool transmit(struct turn_link *turn, int64_t now_ns)
{
    while (turn->left < turn->leaving_size || take_next(turn)) {
        ssize_t gone = transfer(turn, false, turn->leaving + turn->left, turn->leaving_size - turn->left);
        if (gone < 0)
            return false;
        if (gone == 0) {
            if (turn->until_ns == RELAY_NEVER)
                turn->until_ns = now_ns + STALL_SECONDS * SECOND_NS;
            return true;
        }
        turn->left += (size_t)gone;
        turn->until_ns = RELAY_NEVER;
    }
    turn->until_ns = RELAY_NEVER;
    return true;
}

/* --- the link --- */

static void work_open(struct turn_link *turn, struct events *events, int64_t now_ns)
{
    if (!receive(turn, now_ns) || !transmit(turn, now_ns))
        fail(turn, events, turn->ssl != NULL ? reason_of(turn) : "the server closed the connection, or broke its rules");
}

static short interest_of(const struct turn_link *turn)
{
    switch (turn->state) {
    case TURN_CONNECTING:
        return POLLOUT;
    case TURN_HANDSHAKING:
        return turn->wanted;
    default:
        return turn->left < turn->leaving_size ? POLLIN | POLLOUT : POLLIN;
    }
}

static void serve(struct relay_link *link, struct events *events, int64_t now_ns)
{
    struct turn_link *turn = of(link);
    link->deadline_ns = RELAY_NEVER;
    if (turn->state == TURN_NEW)
        begin(turn, events, now_ns);
    if (turn->state == TURN_CONNECTING)
        go_on_connecting(turn, events);
    if (turn->state == TURN_HANDSHAKING)
        go_on_with_handshake(turn, events);
    if (turn->state == TURN_OPEN)
        work_open(turn, events, now_ns);
    if (turn->state != TURN_CLOSED && now_ns >= turn->until_ns)
        fail(turn, events, "the server does not answer in time");
    if (turn->state == TURN_CLOSED)
        return;
    link->interest = interest_of(turn);
    link->deadline_ns = turn->until_ns < link->deadline_ns ? turn->until_ns : link->deadline_ns;
}

static void free_turn(struct relay_link *link)
{
    struct turn_link *turn = of(link);
    disconnect(turn);
    SSL_CTX_free(turn->context);
    queue_free(&turn->said);
    relay_link_close(link);
    free(turn);
}

static const struct relay_work WORK = {serve, free_turn};

/* Last, since from here on `free_turn` gives it back. */
static void believe(struct turn_link *turn, const struct turn_place *server)
{
    if (server->trust == NULL)
        return;
    snprintf(turn->name, sizeof turn->name, "%s", server->name);
    SSL_CTX_up_ref(server->trust->context);
    turn->context = server->trust->context;
}

struct relay_link *turn_link_new(struct relay_thread *thread, int stream, unsigned component, int number,
                                 const struct turn_place *server)
{
    struct turn_link *turn = memory_new(sizeof *turn);
    if (turn == NULL)
        return NULL;
    turn->worker = &thread->worker;
    turn->component = component;
    turn->number = number;
    turn->server = server->address;
    turn->until_ns = RELAY_NEVER;
    if (relay_link_init(&turn->link, &WORK, stream, PACKETS) != 0) {
        free(turn);
        return NULL;
    }
    if (queue_init(&turn->said, PACKETS, sizeof(struct packet)) != 0) {
        relay_link_close(&turn->link);
        free(turn);
        return NULL;
    }
    believe(turn, server);
    return &turn->link;
}

bool turn_link_say(struct relay_link *link, const uint8_t *message, size_t size)
{
    struct turn_link *turn = of(link);
    struct packet *packet = queue_reserve(&turn->said);
    if (packet == NULL || size > sizeof packet->data)
        return false;
    packet->size = size;
    memcpy(packet->data, message, size);
    queue_commit(&turn->said);
    worker_wake(turn->worker);
    return true;
}
