#include "reach.h"

#include <errno.h>
#include <string.h>

#include "clock.h"

enum {
    CHANNEL_FIRST = 0x4000,
    CHANNEL_LAST = 0x4FFF,
    MILLISECOND_NS = 1000 * 1000,
};

static int relay_from(struct relay *relay, const struct media_relay *wanted)
{
    memset(relay, 0, sizeof *relay);
    if (wanted->server_address[0] == '\0')
        return 0;
    int error = address_parse(&relay->server, wanted->server_address, wanted->server_port);
    if (error != 0 || wanted->channel == 0)
        return error;
    if (wanted->channel < CHANNEL_FIRST || wanted->channel > CHANNEL_LAST)
        return -EINVAL;
    relay->channel = wanted->channel;
    relay->bound = wanted->bound;
    return address_parse(&relay->peer, wanted->peer_address, wanted->peer_port);
}

static int proved_from(union address proved[MEDIA_PROVED], const struct media_place wanted[MEDIA_PROVED])
{
    memset(proved, 0, MEDIA_PROVED * sizeof *proved);
    for (unsigned i = 0; i < MEDIA_PROVED; i++) {
        int error = wanted[i].address[0] == '\0' ? 0 : address_parse(&proved[i], wanted[i].address, wanted[i].port);
        if (error != 0)
            return error;
    }
    return 0;
}

int reach_setup_from(struct reach_setup *setup, const struct media_reach *wanted)
{
    for (unsigned i = 0; i < STUN_FRAGMENTS; i++) {
        if (memchr(wanted->fragments[i], '\0', sizeof setup->fragments[i]) == NULL)
            return -EINVAL;
        memcpy(setup->fragments[i], wanted->fragments[i], sizeof setup->fragments[i]);
    }
    for (unsigned i = 0; i < COMPONENTS; i++) {
        int error = relay_from(&setup->relays[i], &wanted->relays[i]);
        if (error != 0)
            return error;
    }
    return proved_from(setup->proved, wanted->proved);
}

void reach_configure(struct reach *reach, const struct reach_setup *setup)
{
    memcpy(reach->filter.fragments, setup->fragments, sizeof reach->filter.fragments);
    memcpy(reach->relays, setup->relays, sizeof reach->relays);
    memcpy(reach->proved, setup->proved, sizeof reach->proved);
}

void reach_consent(struct reach *reach, int32_t milliseconds, int64_t now_ns)
{
    reach->consent_needed = milliseconds >= 0;
    reach->consent_until_ns = now_ns + (int64_t)milliseconds * MILLISECOND_NS;
    reach->silenced = milliseconds == 0;
}

void reach_tick(struct reach *reach, int64_t now_ns)
{
    reach->silenced = reach->consent_needed && now_ns >= reach->consent_until_ns;
}

bool reach_is_checking(const struct reach *reach)
{
    return reach->silenced || reach->filter.fragments[1][0] != '\0';
}

static bool from_server(const struct reach *reach, enum packet_component component, const struct packet *packet)
{
    const struct relay *relay = &reach->relays[component];
    return relay->server.generic.sa_family != 0 && address_equal(&relay->server, &packet->source) &&
           packet->streamed == (reach->streams[component] != NULL);
}

static bool is_of_channel(const struct relay *relay, const struct packet *packet, struct turn_frame *frame)
{
    uint16_t channel;
    frame->peer = relay->peer;
    return relay->channel != 0 && turn_channel_data(packet->data, packet->size, &channel, frame) && channel == relay->channel;
}

bool reach_unwrap(const struct reach *reach, enum packet_component component, struct packet *packet)
{
    const struct relay *relay = &reach->relays[component];
    struct turn_frame frame;
    if (packet->truncated || !from_server(reach, component, packet))
        return false;
    if (!is_of_channel(relay, packet, &frame) && !turn_data_indication(packet->data, packet->size, &frame))
        return false;
    memmove(packet->data, packet->data + frame.start, frame.size);
    packet->size = frame.size;
    packet->source = frame.peer;
    packet->relayed = true;
    return true;
}

void reach_expect(struct reach *reach, const uint8_t *packet, size_t size)
{
    struct turn_frame frame;
    uint16_t channel;
    if (turn_send_indication(packet, size, &frame) || turn_channel_data(packet, size, &channel, &frame))
        stun_filter_expect(&reach->filter, packet + frame.start, frame.size);
    else
        stun_filter_expect(&reach->filter, packet, size);
}

bool reach_admits(struct reach *reach, const struct packet *packet)
{
    return stun_filter_passes(&reach->filter, packet->data, packet->size);
}

bool reach_has_proved(const struct reach *reach, const union address *source)
{
    for (unsigned i = 0; i < MEDIA_PROVED; i++) {
        if (reach->proved[i].generic.sa_family != 0 && address_equal(&reach->proved[i], source))
            return true;
    }
    return false;
}

/* Through the channel, over whatever leads to the server. */
static bool send_framed(const struct reach *reach, struct packet_port *port, enum packet_component component, const uint8_t *data,
                        size_t size, const union address *from)
{
    const struct relay *relay = &reach->relays[component];
    struct packet frame;
    if (!relay->bound || size > sizeof frame.data - TURN_CHANNEL_HEADER)
        return false;
    turn_channel_header(frame.data, relay->channel, size);
    memcpy(frame.data + TURN_CHANNEL_HEADER, data, size);
    frame.size = TURN_CHANNEL_HEADER + size;
    if (reach->streams[component] != NULL)
        return relay_link_put(reach->streams[component], &frame);
    return packet_port_send(port, component, frame.data, frame.size, from, &relay->server);
}

bool reach_send(const struct reach *reach, struct packet_port *port, enum packet_component component, const uint8_t *data,
                size_t size, const union address *from, const union address *to)
{
    const struct relay *relay = &reach->relays[component];
    if (relay->channel != 0 && address_equal(to, &relay->peer))
        return send_framed(reach, port, component, data, size, from);
    return packet_port_send(port, component, data, size, from, to);
}
