#include "stream_dtls.h"

#include "dtls.h"

/* A client hears only where it has sent to. A server hears whoever may be the far end: its cookie sees to the rest. */
static bool source_possible(const struct stream *stream, const struct relay_link *link, const struct packet *packet)
{
    if (stream->port.in_memory || reach_has_proved(&stream->reach, &packet->source))
        return true;
    if (stream->setup.chosen_by_ice || dtls_is_client(link))
        return stream->configured && address_equal(latch_address(&stream->latch), &packet->source);
    return latch_possible(&stream->latch, &packet->source);
}

void stream_take_dtls(struct stream *stream, enum packet_component component, struct packet *packet)
{
    struct relay_link *link = stream->links[LINK_DTLS];
    stream->foreign++;
    /* Handshake and keys are RTP's; RTCP is muxed with it where they are used (RFC 5764, 5.1). */
    if (link == NULL || component != COMPONENT_RTP || packet->truncated || !source_possible(stream, link, packet))
        return;
    /* By whichever of ICE's pairs it comes (RFC 8445, 12.2), it is one far end to the handshake, and answered by the chosen one. */
    if (stream->setup.chosen_by_ice && stream->configured)
        packet->source = *latch_address(&stream->latch);
    if (dtls_filter_passes(&stream->dtls_filter, packet->data, packet->size))
        relay_link_put(link, packet);
}

static const union address *destination_of(const struct stream *stream, const struct packet *packet)
{
    bool elsewhere = !stream->setup.chosen_by_ice && packet->source.generic.sa_family != AF_UNSPEC;
    return elsewhere ? &packet->source : latch_address(&stream->latch);
}

void stream_send_dtls(struct stream *stream)
{
    struct relay_link *link = stream->links[LINK_DTLS];
    dtls_filter_tick(&stream->dtls_filter);
    if (link == NULL || stream->reach.silenced)
        return;
    if (stream->configured && stream->setup.reachable)
        dtls_open(link);
    /* No more than there are now: the relay thread may put in as fast as this one takes out. */
    for (size_t left = queue_count(&link->outgoing); left > 0; left--) {
        const struct packet *packet = queue_front(&link->outgoing);
        const union address *to = destination_of(stream, packet);
        bool known = stream->port.in_memory || to->generic.sa_family != AF_UNSPEC;
        if (known && !reach_send(&stream->reach, &stream->port, COMPONENT_RTP, packet->data, packet->size, &stream->setup.local, to))
            stream->send_errors++;
        queue_release(&link->outgoing);
    }
}
