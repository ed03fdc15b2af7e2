/* A connection to a TURN server, served by hand: frames in pieces, padding, lies and silence. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "turn_link.h"

static const int64_t SECOND_NS = 1000LL * 1000 * 1000;

enum { NUMBER = 5 };

struct scene {
    struct relay_thread thread;
    struct relay_link *link;
    int listener;
    int server;                         /* the far end of the connection */
    int64_t now_ns;
    struct media_event event;
};

static void listen_for(struct scene *scene, struct turn_place *place)
{
    union address *address = &place->address;
    socklen_t length = sizeof *address;
    scene->listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQUAL(address_parse(address, "127.0.0.1", 0), 0);
    CHECK_EQUAL(bind(scene->listener, &address->generic, address_length(address)), 0);
    CHECK_EQUAL(listen(scene->listener, 1), 0);
    CHECK_EQUAL(getsockname(scene->listener, &address->generic, &length), 0);
}

static void serve(struct scene *scene)
{
    scene->link->work->serve(scene->link, &scene->thread.events, scene->now_ns);
}

static bool closed(struct scene *scene)
{
    return queue_pop(&scene->thread.events.queue, &scene->event) && scene->event.kind == MEDIA_EVENT_TURN_CLOSED;
}

static void open_scene(struct scene *scene)
{
    struct turn_place place = {0};
    memset(scene, 0, sizeof *scene);
    CHECK_EQUAL(relay_thread_init(&scene->thread, eventfd(0, EFD_NONBLOCK)), 0);
    listen_for(scene, &place);
    scene->now_ns = clock_now();
    CHECK_EQUAL(relay_thread_admit(&scene->thread), 0);
    scene->link = turn_link_new(&scene->thread, 7, COMPONENT_RTCP, NUMBER, &place);
    serve(scene);
    scene->server = accept(scene->listener, NULL, NULL);
    CHECK(scene->server >= 0);
    serve(scene);
}

static void close_scene(struct scene *scene)
{
    close(scene->thread.events.descriptor);
    close(scene->server);
    close(scene->listener);
    relay_thread_dismiss(&scene->thread, scene->link);
    relay_thread_free(&scene->thread);
}

/* Serves once the bytes are there to be read. */
static void say(struct scene *scene, const void *bytes, size_t size)
{
    struct pollfd there = {.fd = scene->link->descriptor, .events = POLLIN};
    CHECK_EQUAL(send(scene->server, bytes, size, 0), size);
    CHECK_EQUAL(poll(&there, 1, 5000), 1);
    serve(scene);
}

static void frames_are_padded(void)
{
    struct scene scene;
    uint8_t got[64];
    struct packet frame = {.size = 9, .data = "\x40\x01\x00\x05voice"};
    open_scene(&scene);
    scene.link->thread = &scene.thread;
    CHECK(turn_link_say(scene.link, (const uint8_t *)"twenty bytes of STUN", 20));
    CHECK(relay_link_put(scene.link, &frame));
    serve(&scene);
    CHECK_EQUAL(recv(scene.server, got, 32, MSG_WAITALL), 32);
    CHECK(memcmp(got, "twenty bytes of STUN\x40\x01\x00\x05voice\0\0\0", 32) == 0);
    CHECK_EQUAL(recv(scene.server, got, 1, MSG_DONTWAIT), -1);
    close_scene(&scene);
}

static void frames_come_in_pieces_and_together(void)
{
    static const uint8_t bytes[] = "\x40\x01\x00\x05voice\0\0\0\x40\x02\x00\x00\x01\x01\x00\x04\x21\x12\xa4\x42" "transaction!" "attr";
    struct scene scene;
    open_scene(&scene);
    for (size_t cut = 1; cut < sizeof bytes - 1; cut++) {
        const size_t sizes[] = {12, 4, 24};
        say(&scene, bytes, cut);
        say(&scene, bytes + cut, sizeof bytes - 1 - cut);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const struct packet *packet = queue_front(&scene.link->outgoing);
            CHECK(packet != NULL && packet->streamed && packet->size == sizes[i]);
            queue_release(&scene.link->outgoing);
        }
        CHECK(queue_front(&scene.link->outgoing) == NULL);
    }
    CHECK(!closed(&scene));
    close_scene(&scene);
}

static void what_nobody_takes_is_dropped(void)
{
    static const uint8_t frame[] = {0x40, 1, 0, 4, 'v', 'o', 'i', 'c'};
    struct scene scene;
    open_scene(&scene);
    for (int i = 0; i < 100; i++)
        say(&scene, frame, sizeof frame);
    CHECK_EQUAL(queue_count(&scene.link->outgoing), 32);
    for (int i = 0; i < 32; i++)
        CHECK(turn_link_say(scene.link, frame, sizeof frame));
    CHECK(!turn_link_say(scene.link, frame, sizeof frame));
    close_scene(&scene);
}

static void lies_end_it(void)
{
    static const uint8_t lies[][4] = {{0x40, 1, 0x05, 0xda}, {0x00, 1, 0x00, 0x05}, {0x50, 1, 0, 0}, {0x80, 0, 0, 0}, {'H', 'T', 'T', 'P'}};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct scene scene;
        open_scene(&scene);
        say(&scene, lies[i], sizeof lies[i]);
        CHECK(closed(&scene));
        CHECK_EQUAL(scene.event.a, COMPONENT_RTCP);
        CHECK_EQUAL(scene.event.b, NUMBER);
        CHECK_EQUAL(scene.event.object, 7);
        CHECK_EQUAL(scene.link->descriptor, -1);
        serve(&scene);
        CHECK(!closed(&scene));
        close_scene(&scene);
    }
}

/* What a peer sent to the relayed address: first over a channel, then as an indication. Wherever it is cut, what follows is understood. */
static void a_peers_long_datagram_is_passed_over(void)
{
    static const uint8_t good[] = {0x40, 1, 0, 4, 'v', 'o', 'i', 'c'};
    static const uint8_t heads[][4] = {{0x40, 1, 0x07, 0xd0}, {0x00, 0x17, 0x07, 0xc0}};
    enum { LONG = 2004, WHOLE = LONG + sizeof good };
    uint8_t bytes[WHOLE];
    struct scene scene;
    open_scene(&scene);
    say(&scene, good, sizeof good);
    queue_release(&scene.link->outgoing);
    memset(bytes, 0xff, sizeof bytes);
    memcpy(bytes + LONG, good, sizeof good);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        memcpy(bytes, heads[i], sizeof heads[i]);
        for (size_t cut = 1; cut < WHOLE; cut++) {
            say(&scene, bytes, cut);
            say(&scene, bytes + cut, WHOLE - cut);
            const struct packet *packet = queue_front(&scene.link->outgoing);
            CHECK(packet != NULL && packet->size == sizeof good && memcmp(packet->data, good, sizeof good) == 0);
            queue_release(&scene.link->outgoing);
            CHECK(queue_front(&scene.link->outgoing) == NULL);
        }
    }
    CHECK(!closed(&scene));
    close_scene(&scene);
}

static void an_end_is_told(void)
{
    struct scene scene;
    open_scene(&scene);
    close(scene.server);
    struct pollfd there = {.fd = scene.link->descriptor, .events = POLLIN};
    CHECK_EQUAL(poll(&there, 1, 5000), 1);
    serve(&scene);
    CHECK(closed(&scene));
    scene.server = -1;
    close_scene(&scene);
}

/* The server reads nothing: what is written fills all buffers, and five seconds later it is over. */
static void a_stall_ends_it(void)
{
    static const uint8_t frame[1500];
    struct scene scene;
    open_scene(&scene);
    for (int i = 0; i < 20000 && scene.link->interest != (POLLIN | POLLOUT); i++) {
        turn_link_say(scene.link, frame, sizeof frame);
        serve(&scene);
    }
    CHECK_EQUAL(scene.link->interest, POLLIN | POLLOUT);
    scene.now_ns += 4 * SECOND_NS;
    serve(&scene);
    CHECK(!closed(&scene));
    CHECK(scene.link->deadline_ns <= scene.now_ns + 2 * SECOND_NS);
    scene.now_ns += 2 * SECOND_NS;
    serve(&scene);
    CHECK(closed(&scene));
    close_scene(&scene);
}

static void nobody_there_is_told(void)
{
    struct scene scene;
    struct turn_place place = {0};
    memset(&scene, 0, sizeof scene);
    CHECK_EQUAL(relay_thread_init(&scene.thread, eventfd(0, EFD_NONBLOCK)), 0);
    listen_for(&scene, &place);
    close(scene.listener);
    scene.listener = scene.server = -1;
    CHECK_EQUAL(relay_thread_admit(&scene.thread), 0);
    scene.link = turn_link_new(&scene.thread, 7, COMPONENT_RTP, NUMBER, &place);
    for (int i = 0; i < 100 && scene.event.kind != MEDIA_EVENT_TURN_CLOSED; i++) {
        serve(&scene);
        closed(&scene);
        poll(NULL, 0, 1);
    }
    CHECK_EQUAL(scene.event.kind, MEDIA_EVENT_TURN_CLOSED);
    close_scene(&scene);
}

int main(void)
{
    frames_are_padded();
    frames_come_in_pieces_and_together();
    what_nobody_takes_is_dropped();
    lies_end_it();
    a_peers_long_datagram_is_passed_over();
    an_end_is_told();
    a_stall_ends_it();
    nobody_there_is_told();
    return 0;
}
