#include "stream_dtls.h"

#include "dtls.h"

static struct relay_link *link_of(const struct stream *stream, enum packet_component component)
{
    return stream->links[LINK_DTLS_RTP + component];
}

static union address far_end(const struct stream *stream, enum packet_component component)
{
    return component == COMPONENT_RTP ? *latch_address(&stream->latch) : stream_rtcp_address(stream);
}

/* A client hears only where it has sent to. A server hears whoever may be the far end: its cookie sees to the rest. */
static bool source_possible(const struct stream *stream, enum packet_component component, const struct packet *packet)
{
    if (stream->port.in_memory || reach_has_proved(&stream->reach, &packet->source))
        return true;
    if (stream->setup.chosen_by_ice || dtls_is_client(link_of(stream, component))) {
        union address peer = far_end(stream, component);
        return stream->configured && address_equal(&peer, &packet->source);
    }
    return component == COMPONENT_RTP ? latch_possible(&stream->latch, &packet->source) : stream_rtcp_possible(stream, packet);
}

void stream_take_dtls(struct stream *stream, enum packet_component component, struct packet *packet)
{
    struct relay_link *link = link_of(stream, component);
    stream->foreign++;
    if (link == NULL || packet->truncated || !source_possible(stream, component, packet))
        return;
    /* By whichever of ICE's pairs it comes (RFC 8445, 12.2), it is one far end to the handshake, and answered by the chosen one. */
    if (stream->setup.chosen_by_ice && stream->configured)
        packet->source = far_end(stream, component);
    if (dtls_filter_passes(&stream->dtls_filters[component], packet->data, packet->size))
        relay_link_put(link, packet);
}

static void send_pending(struct stream *stream, enum packet_component component)
{
    struct relay_link *link = link_of(stream, component);
    /* No more than there are now: the relay thread may put in as fast as this one takes out. */
    for (size_t left = queue_count(&link->outgoing); left > 0; left--) {
        const struct packet *packet = queue_front(&link->outgoing);
        bool elsewhere = !stream->setup.chosen_by_ice && packet->source.generic.sa_family != AF_UNSPEC;
        union address to = elsewhere ? packet->source : far_end(stream, component);
        bool known = stream->port.in_memory || to.generic.sa_family != AF_UNSPEC;
        if (known && !reach_send(&stream->reach, &stream->port, component, packet->data, packet->size, &stream->setup.local, &to))
            stream->send_errors++;
        queue_release(&link->outgoing);
    }
}

void stream_send_dtls(struct stream *stream)
{
    for (unsigned i = 0; i < COMPONENTS; i++) {
        struct relay_link *link = link_of(stream, (enum packet_component)i);
        dtls_filter_tick(&stream->dtls_filters[i]);
        if (link == NULL || stream->reach.silenced)
            continue;
        if (stream->configured && stream->setup.reachable)
            dtls_open(link);
        send_pending(stream, (enum packet_component)i);
    }
}
