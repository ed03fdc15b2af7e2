#include "reach.h"

#include <errno.h>
#include <string.h>

#include "clock.h"

enum {
    CHANNEL_FIRST = 0x4000,
    CHANNEL_LAST = 0x4FFF,
    /* A token costs 10, a tick brings 4, at most 10 wait: what claims to be from the server is at most 50 events a second. */
    TOKEN_COST = 10,
    TOKEN_REFILL = 4,
    TOKENS_MAX = 100,
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
    return address_parse(&relay->peer, wanted->peer_address, wanted->peer_port);
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
    return 0;
}

void reach_configure(struct reach *reach, const struct reach_setup *setup)
{
    memcpy(reach->filter.fragments, setup->fragments, sizeof reach->filter.fragments);
    memcpy(reach->relays, setup->relays, sizeof reach->relays);
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
    if (reach->tokens < TOKENS_MAX)
        reach->tokens += TOKEN_REFILL;
}

bool reach_is_checking(const struct reach *reach)
{
    return reach->silenced || reach->filter.fragments[1][0] != '\0';
}

static bool from_server(const struct relay *relay, const struct packet *packet)
{
    return relay->server.generic.sa_family != 0 && address_equal(&relay->server, &packet->source);
}

bool reach_unwrap(const struct reach *reach, enum packet_component component, struct packet *packet)
{
    const struct relay *relay = &reach->relays[component];
    if (packet->truncated || packet->size < CHANNEL_HEADER || relay->channel == 0 || !from_server(relay, packet))
        return false;
    size_t channel = (size_t)packet->data[0] << 8 | packet->data[1];
    size_t size = (size_t)packet->data[2] << 8 | packet->data[3];
    if (channel != relay->channel || size > packet->size - CHANNEL_HEADER)
        return false;
    memmove(packet->data, packet->data + CHANNEL_HEADER, size);
    packet->size = size;
    packet->source = relay->peer;
    packet->relayed = true;
    return true;
}

bool reach_admits(struct reach *reach, enum packet_component component, const struct packet *packet)
{
    if (stun_filter_passes(&reach->filter, packet->data, packet->size))
        return true;
    if (packet->relayed || !from_server(&reach->relays[component], packet) || reach->tokens < TOKEN_COST)
        return false;
    reach->tokens -= TOKEN_COST;
    return true;
}

bool reach_send(const struct reach *reach, struct packet_port *port, enum packet_component component, const uint8_t *data,
                size_t size, const union address *from, const union address *to)
{
    const struct relay *relay = &reach->relays[component];
    uint8_t frame[CHANNEL_HEADER + PACKET_BYTES];
    if (relay->channel == 0 || !address_equal(to, &relay->peer))
        return packet_port_send(port, component, data, size, from, to);
    if (size > PACKET_BYTES)
        return false;
    frame[0] = (uint8_t)(relay->channel >> 8);
    frame[1] = (uint8_t)relay->channel;
    frame[2] = (uint8_t)(size >> 8);
    frame[3] = (uint8_t)size;
    memcpy(frame + CHANNEL_HEADER, data, size);
    return packet_port_send(port, component, frame, CHANNEL_HEADER + size, from, &relay->server);
}
