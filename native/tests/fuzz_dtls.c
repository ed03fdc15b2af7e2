/* Datagrams of strangers that look like DTLS: filtered without reading past their end, and then thrown at a server that listens and at
 * one and a client in the middle of a handshake, and from elsewhere at one whose handshake has stalled. */
#include <stdlib.h>
#include <string.h>

#include "dtls_filter.h"
#include "dtls_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The client's second ClientHello, which the server answers by the whole of its first flight. */
static void meet(struct end *client, struct end *server)
{
    struct packet packet;
    for (int i = 0; i < 2; i++) {
        end_serve(client);
        while (end_give(client, &packet))
            end_take(server, &client->address, packet.data, packet.size);
        if (i == 0 && end_give(server, &packet))
            end_take(client, &server->address, packet.data, packet.size);
    }
}

static void throw_at(struct end *end, const union address *source, const uint8_t *data, size_t size)
{
    struct packet packet;
    end_take(end, source, data, size);
    while (end_give(end, &packet))
        ;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct identity identity;
    struct end client, server, listening;
    /* At the end of what was allocated, so that reading past it is noticed. */
    uint8_t *copy = malloc(size == 0 ? 1 : size);
    memcpy(copy, data, size);
    bool plausible = dtls_is_records(copy, size);
    dtls_is_client_hello(copy, size);
    if (plausible && size <= PACKET_BYTES) {
        if (identity.context == NULL)
            identity = identity_new();
        end_open(&client, &identity, MEDIA_DTLS_CLIENT, 4000);
        end_open(&server, &identity, MEDIA_DTLS_SERVER, 5000);
        end_open(&listening, &identity, MEDIA_DTLS_SERVER, 6000);
        meet(&client, &server);
        throw_at(&listening, &client.address, copy, size);
        throw_at(&server, &client.address, copy, size);
        throw_at(&client, &server.address, copy, size);
        server.later_ns = 3LL * 1000 * 1000 * 1000;
        throw_at(&server, &listening.address, copy, size);
        end_close(&client);
        end_close(&server);
        end_close(&listening);
    }
    free(copy);
    return 0;
}
