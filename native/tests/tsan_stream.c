/* A stream whose rings the relay thread refills as fast as the media thread empties them: a tick takes no more than a ring holds. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "check.h"
#include "memory.h"
#include "stream.h"
#include "stream_dtls.h"

enum { RING = 8, TICKS = 2000 };

static atomic_bool stopping;

static void serve(struct relay_link *link, struct events *events, int64_t now_ns)
{
    (void)link, (void)events, (void)now_ns;
}

static void free_link(struct relay_link *link)
{
    relay_link_close(link);
    free(link);
}

static const struct relay_work work = {serve, free_link};

static void *refill(void *context)
{
    struct relay_link *link = context;
    while (!atomic_load(&stopping)) {
        struct packet *packet = queue_reserve(&link->outgoing);
        if (packet == NULL)
            continue;
        packet->size = 1;
        queue_commit(&link->outgoing);
    }
    return NULL;
}

static void receive(struct stream *stream, struct packet_batch *batch, struct events *events)
{
    stream_receive(stream, batch, events, false, false);
}

static void send_handshake(struct stream *stream, struct packet_batch *batch, struct events *events)
{
    (void)batch, (void)events;
    stream_send_dtls(stream);
}

static void run(struct stream *stream, struct relay_link *link, struct packet_batch *batch, struct events *events,
                void (*tick)(struct stream *, struct packet_batch *, struct events *))
{
    pthread_t thread;
    size_t all = 0;
    atomic_store(&stopping, false);
    CHECK_EQUAL(pthread_create(&thread, NULL, refill, link), 0);
    for (int i = 0; i < TICKS || all == 0; i++) {
        size_t before = atomic_load(&link->outgoing.tail);
        tick(stream, batch, events);
        size_t taken = atomic_load(&link->outgoing.tail) - before;
        CHECK(taken <= RING);
        all += taken;
    }
    atomic_store(&stopping, true);
    pthread_join(thread, NULL);
}

int main(void)
{
    struct stream *stream = stream_new(&(struct sender_config){.ssrc = 1}, 1);
    struct relay_link *link = memory_new(sizeof *link);
    struct packet_batch *batch = memory_new(sizeof *batch);
    struct events events;
    CHECK(stream != NULL && link != NULL && batch != NULL);
    CHECK_EQUAL(packet_port_open_memory(&stream->port), 0);
    CHECK_EQUAL(relay_link_init(link, &work, 1, RING), 0);
    CHECK_EQUAL(events_init(&events, -1), 0);
    packet_batch_init(batch);
    stream->reach.streams[COMPONENT_RTP] = link;
    run(stream, link, batch, &events, receive);
    stream->reach.streams[COMPONENT_RTP] = NULL;
    stream->links[LINK_DTLS_RTP] = link;
    run(stream, link, batch, &events, send_handshake);
    stream->links[LINK_DTLS_RTP] = NULL;
    link->work->free(link);
    events_free(&events);
    free(batch);
    stream->party.object.free(&stream->party.object);
    return 0;
}
