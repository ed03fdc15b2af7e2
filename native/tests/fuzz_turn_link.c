/* What a TURN server says over TCP, in pieces of any size: each whole frame is taken, in order and unchanged, however it was cut. */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "turn_frame.h"
#include "turn_link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Holds no more frames than a link's ring, the shortest of which has four bytes. */
enum { PIECE_MAX = 128 };
/* Short inputs are said again and again, so that frames longer than any packet end within. */
enum { STREAM_MAX = 4096, CONTROLS = 2 };

static struct relay_thread thread;
static union address address;
static int listener;

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void set_up(void)
{
    socklen_t length = sizeof address;
    require(relay_thread_init(&thread, eventfd(0, EFD_NONBLOCK)) == 0);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    require(address_parse(&address, "127.0.0.1", 0) == 0);
    require(bind(listener, &address.generic, address_length(&address)) == 0 && listen(listener, 1) == 0);
    require(getsockname(listener, &address.generic, &length) == 0);
}

static void serve(struct relay_link *link)
{
    link->work->serve(link, &thread.events, clock_now());
}

/* The place of the next frame that is to be taken; false where there is none, or something else begins. */
static bool next_frame(const uint8_t *data, size_t size, size_t *place, size_t *whole, bool *credible)
{
    while (size - *place >= TURN_CHANNEL_HEADER) {
        *whole = turn_frame_on_stream(data + *place);
        if (*whole == 0 || *whole > size - *place || (*whole > PACKET_BYTES && !*credible))
            return false;
        if (*whole <= PACKET_BYTES)
            return *credible = true;
        *place += *whole;
    }
    return false;
}

static void hear(struct relay_link *link, const uint8_t *data, size_t size, size_t *place, bool *credible)
{
    for (const struct packet *packet; (packet = queue_front(&link->outgoing)) != NULL; queue_release(&link->outgoing)) {
        size_t whole;
        require(next_frame(data, size, place, &whole, credible));
        require(packet->size == whole && memcmp(packet->data, data + *place, whole) == 0);
        *place += whole;
    }
}

static void say_in_pieces(struct relay_link *link, int server, const uint8_t *data, size_t size, size_t piece)
{
    size_t place = 0, whole;
    bool credible = false;
    for (size_t said = 0; said < size && link->descriptor >= 0; said += piece) {
        size_t now = size - said < piece ? size - said : piece;
        require(send(server, data + said, now, MSG_NOSIGNAL) == (ssize_t)now);
        serve(link);
        serve(link);
        hear(link, data, size, &place, &credible);
    }
    if (link->descriptor >= 0)
        require(!next_frame(data, size, &place, &whole, &credible));
}

/* The first byte says how it is cut, the second how often the rest is said. */
static size_t unfold(const uint8_t *data, size_t size, uint8_t *bytes)
{
    size_t all = (size - CONTROLS) * (1 + (size_t)data[1]);
    all = all < STREAM_MAX ? all : STREAM_MAX;
    for (size_t i = 0; i < all; i++)
        bytes[i] = data[CONTROLS + i % (size - CONTROLS)];
    return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[STREAM_MAX];
    static const struct linger at_once = {.l_onoff = 1};
    struct media_event event;
    if (size <= CONTROLS)
        return 0;
    if (listener == 0)
        set_up();
    require(relay_thread_admit(&thread) == 0);
    const struct turn_place place = {.address = address};
    struct relay_link *link = turn_link_new(&thread, 1, COMPONENT_RTP, 1, &place);
    require(link != NULL);
    serve(link);
    int server = accept(listener, NULL, NULL);
    require(server >= 0);
    serve(link);
    /* So that no port stays behind. */
    require(setsockopt(server, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    say_in_pieces(link, server, bytes, unfold(data, size, bytes), 1 + data[0] % PIECE_MAX);
    close(server);
    relay_thread_dismiss(&thread, link);
    while (queue_pop(&thread.events.queue, &event))
        continue;
    return 0;
}
