/* A whole receiver under a hostile peer: packets with fuzzed headers, payloads and arrival times between ticks. Every fourth byte string
 * is put as it is; the others get a plausible header, so that decoders and the jitter buffer are reached. */
#include <stdlib.h>
#include <string.h>

#include "receiver.h"
#include "wire.h"

enum { HEADER = 12, PACKET_MAX = 1500 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct receiver_config CONFIG = {
    .payloads = {{0, CODEC_PCMU}, {8, CODEC_PCMA}, {9, CODEC_G722}, {96, CODEC_OPUS_NB}, {97, CODEC_OPUS_WB}},
    .payload_count = 5,
    .comfort_noise_type = 13,
    .telephone_event_type = 101,
    .telephone_event_clock = 8000,
};

static size_t make_packet(uint8_t *packet, const uint8_t *choice, const uint8_t *payload, size_t size, uint16_t sequence)
{
    static const uint8_t TYPES[] = {0, 8, 9, 96, 97, 101, 13, 0};
    packet[0] = 0x80;
    packet[1] = (uint8_t)(TYPES[choice[0] & 7] | (choice[0] & 0x80));
    wire_put16(packet + 2, (uint16_t)(sequence + (int8_t)choice[1] / 16));
    wire_put32(packet + 4, sequence * 160u + (choice[2] > 240 ? (uint32_t)choice[3] << 24 : choice[3]));
    wire_put32(packet + 8, choice[2] > 230 ? choice[2] : 1u);
    memcpy(packet + HEADER, payload, size);
    return HEADER + size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct receiver *receiver;
    static uint8_t packet[PACKET_MAX];
    int16_t frame[160];
    int64_t now = 1000000000;
    struct receiver_event event;
    struct receiver_statistics statistics;
    struct rtcp_report_block block;
    receiver = receiver != NULL ? receiver : malloc(receiver_size());
    if (receiver == NULL || receiver_init(receiver, &CONFIG) != 0) {
        abort();
    }
    for (uint16_t sequence = 65500; size >= 6; sequence++) {
        size_t length = data[4] % (size - 5 < 255 ? size - 5 : 255);
        size_t whole = length;
        if (data[5] % 4 == 0) {
            memcpy(packet, data + 6, length < size - 6 ? length : size - 6);
        } else {
            whole = make_packet(packet, data, data + 6, length < size - 6 ? length : size - 6, sequence);
        }
        receiver_put(receiver, packet, whole, now + (data[5] > 250 ? INT32_MAX : data[5] * 100000));
        for (unsigned tick = 0; tick < data[5] / 4u % 4u; tick++) {
            now += 10000000;
            receiver_get(receiver, frame, now);
        }
        data += 6 + (length < size - 6 ? length : size - 6);
        size -= 6 + (length < size - 6 ? length : size - 6);
    }
    while (receiver_event(receiver, &event)) {
    }
    receiver_statistics(receiver, &statistics);
    (void)receiver_report(receiver, &block);
    return 0;
}
