/* Datagrams as they come from the network, through a whole engine: demultiplexer, latch, RTP, RTCP, jitter buffer, mixer.
 *
 * The input is cut into datagrams: one length byte (times eight) before each. Half of them are made to look like ours. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "ip270_media.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct engine *engine;
static int stream;

static void set_up(void)
{
    struct media_stream_info info;
    struct media_stream_config config = {
        .remote_address = "127.0.0.1",
        .rtp_port = 4000,
        .send = {.payload_type = 0, .codec = MEDIA_PCMU},
        .receive = {{0, MEDIA_PCMU}, {8, MEDIA_PCMA}, {9, MEDIA_G722}, {111, MEDIA_OPUS_WB}},
        .receive_count = 4,
        .packet_time_ms = 20,
        .telephone_event_type = 101,
        .receive_telephone_event_type = 101,
        .comfort_noise_type = 13,
        .receive_comfort_noise_type = 13,
        .sends = true,
        .receives = true,
        .connected = true,
    };
    int error;
    engine = engine_new(MEDIA_CLOCK_STEPPED, &error);
    CHECK(engine != NULL);
    int bus = engine_bus_new(engine, true);
    stream = engine_memory_stream_new(engine, &info);
    CHECK_EQUAL(engine_stream_configure(engine, stream, &config), 0);
    CHECK_EQUAL(engine_join(engine, stream, bus, true, true, 1), 0);
    CHECK_EQUAL(engine_step(engine, 1), 0);
}

static void push(uint8_t *packet, size_t size, unsigned number)
{
    static const uint8_t types[] = {0, 8, 9, 111, 101, 200, 201, 203};
    if (number % 2 == 0 && size >= 2) {
        packet[0] = (uint8_t)(0x80 | (packet[0] & 0x3F));
        packet[1] = (uint8_t)((packet[1] & 0x80) | types[packet[1] % sizeof types]);
    }
    CHECK_EQUAL(engine_stream_push(engine, stream, packet, size, engine_now(engine)), 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t packet[256 * 8];
    struct media_event event;
    if (engine == NULL)
        set_up();
    for (unsigned number = 0; size > 1 && number < 16; number++) {
        size_t length = (size_t)data[0] * 8 < size - 1 ? (size_t)data[0] * 8 : size - 1;
        memcpy(packet, data + 1, length);
        push(packet, length, number);
        CHECK_EQUAL(engine_step(engine, 1 + number % 3), 0);
        data += 1 + length;
        size -= 1 + length;
    }
    while (engine_next_event(engine, &event) == 1)
        CHECK(event.size <= sizeof event.data);
    while (engine_stream_pop(engine, stream, packet, sizeof packet) > 0)
        ;
    return 0;
}
