/* Any bytes: what is accepted lies within the packet and survives being built again. */
#include <stdlib.h>
#include <string.h>

#include "demux.h"
#include "rtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rtp_packet packet, again;
    uint8_t buffer[RTP_PACKET_MAX];
    (void)demux_classify(data, size);
    if (rtp_parse(&packet, data, size) != 0) {
        return 0;
    }
    if (packet.payload < data || packet.payload + packet.payload_size > data + size) {
        abort();
    }
    size_t built = rtp_build(buffer, sizeof buffer, &packet);
    if (built == 0 || rtp_parse(&again, buffer, built) != 0 || again.payload_size != packet.payload_size ||
        memcmp(again.payload, packet.payload, packet.payload_size) != 0) {
        abort();
    }
    return 0;
}
