/* STUN, ChannelData and Data indications as strangers and servers send them: judged and unframed without reading past their end. */
#include <stdlib.h>
#include <string.h>

#include "reach.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct reach reach;
static union address server;

static void set_up(void)
{
    const struct media_reach wanted = {
        .fragments = {"abcd", "next"},
        .relays = {{.server_address = "127.0.0.1", .server_port = 3478, .channel = 0x4001, .peer_address = "192.0.2.7",
                    .peer_port = 5000, .bound = true}},
    };
    struct reach_setup setup;
    if (reach_setup_from(&setup, &wanted) != 0 || address_parse(&server, "127.0.0.1", 3478) != 0)
        abort();
    reach_configure(&reach, &setup);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    struct packet *packet = calloc(1, sizeof *packet);
    if (!ready)
        set_up();
    ready = true;
    /* At the end of what was allocated, so that reading past it is noticed. */
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    memcpy(copy, data, size);
    reach_expect(&reach, copy, size);
    stun_filter_passes(&reach.filter, copy, size);
    packet->size = size < sizeof packet->data ? size : sizeof packet->data;
    memcpy(packet->data, data, packet->size);
    packet->source = server;
    if (reach_unwrap(&reach, COMPONENT_RTP, packet) && packet->size > size)
        abort();
    struct turn_frame frame;
    if (turn_data_indication(copy, size, &frame) && frame.start + frame.size > size)
        abort();
    free(copy);
    free(packet);
    return 0;
}
