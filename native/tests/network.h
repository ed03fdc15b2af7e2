/* network.h: a sender, a path with seeded loss, delay and order, and a receiver, run tick by tick. */
#ifndef IP270_TESTS_NETWORK_H
#define IP270_TESTS_NETWORK_H

#include <string.h>

#include "check.h"
#include "receiver.h"
#include "rtp.h"
#include "sender.h"
#include "signals.h"

enum { NETWORK_TICK_NS = 10000000, NETWORK_IN_FLIGHT = 256, NETWORK_AUDIO_TYPE = 96, NETWORK_EVENT_TYPE = 101, NETWORK_NOISE_TYPE = 13 };

struct network_packet {
    bool used;
    int64_t arrival_ns;
    size_t size;
    uint8_t data[SENDER_PACKET_MAX];
};

struct network {
    struct sender *sender;
    struct receiver *receiver;
    int64_t tick;
    int64_t transit_ns;                /* what every packet takes                                     */
    int64_t jitter_ns;                 /* what it takes longer at most, uniformly                     */
    unsigned loss_percent;
    double sender_rate;                /* ticks of the sender per tick of the receiver: clock drift   */
    double sender_ticks;
    uint32_t seed;
    struct network_packet flight[NETWORK_IN_FLIGHT];
};

static inline struct sender_config network_sender_config(enum codec_id codec, unsigned packet_time_ms)
{
    return (struct sender_config){
        .codec = codec, .payload_type = NETWORK_AUDIO_TYPE, .packet_time_ms = packet_time_ms, .ssrc = 0x1234,
        .first_sequence = 65530, .first_timestamp = 0xfffff000u, .comfort_noise_type = NETWORK_NOISE_TYPE, .telephone_event_type = NETWORK_EVENT_TYPE,
        .telephone_event_clock = codec_get(codec)->clock_rate,
    };
}

static inline struct receiver_config network_receiver_config(enum codec_id codec)
{
    return (struct receiver_config){
        .payloads = {{NETWORK_AUDIO_TYPE, codec}}, .payload_count = 1, .comfort_noise_type = NETWORK_NOISE_TYPE, .telephone_event_type = NETWORK_EVENT_TYPE,
        .telephone_event_clock = codec_get(codec)->clock_rate,
    };
}

static inline void network_init(struct network *n, enum codec_id codec, unsigned packet_time_ms)
{
    struct sender_config sender_config = network_sender_config(codec, packet_time_ms);
    struct receiver_config receiver_config = network_receiver_config(codec);
    memset(n, 0, sizeof *n);
    n->sender = malloc(sender_size());
    n->receiver = malloc(receiver_size());
    n->transit_ns = 3000000;
    n->sender_rate = 1.0;
    n->seed = 4711;
    CHECK(n->sender != NULL && n->receiver != NULL);
    CHECK_EQUAL(sender_init(n->sender, &sender_config), 0);
    CHECK_EQUAL(receiver_init(n->receiver, &receiver_config), 0);
}

static inline void network_free(struct network *n)
{
    free(n->sender);
    free(n->receiver);
}

static inline void network_put(struct network *n, const uint8_t *data, size_t size)
{
    int64_t held = n->jitter_ns > 0 ? (int64_t)(random_next(&n->seed) % (uint32_t)n->jitter_ns) : 0;
    if (random_next(&n->seed) / 7 % 100 < n->loss_percent) {
        return;
    }
    for (size_t i = 0; i < NETWORK_IN_FLIGHT; i++) {
        struct network_packet *packet = &n->flight[i];
        if (!packet->used) {
            packet->used = true;
            packet->arrival_ns = n->tick * NETWORK_TICK_NS + n->transit_ns + held;
            packet->size = size;
            memcpy(packet->data, data, size);
            return;
        }
    }
    CHECK(0 && "too many packets in flight");
}

static inline void network_deliver(struct network *n)
{
    for (;;) {
        struct network_packet *first = NULL;
        for (size_t i = 0; i < NETWORK_IN_FLIGHT; i++) {
            struct network_packet *packet = &n->flight[i];
            if (packet->used && packet->arrival_ns <= n->tick * NETWORK_TICK_NS &&
                (first == NULL || packet->arrival_ns < first->arrival_ns)) {
                first = packet;
            }
        }
        if (first == NULL) {
            return;
        }
        receiver_put(n->receiver, first->data, first->size, first->arrival_ns);
        first->used = false;
    }
}

/* One tick of both ends: `in` is what the sender's microphone hears (NULL: it is muted), `out` what the receiver plays. */
static inline void network_tick(struct network *n, const int16_t *in, int16_t *out)
{
    static const int16_t SILENCE[160];
    n->tick++;
    network_deliver(n);
    receiver_get(n->receiver, out, n->tick * NETWORK_TICK_NS);
    for (n->sender_ticks += n->sender_rate; n->sender_ticks >= 1.0; n->sender_ticks -= 1.0) {
        uint8_t packet[SENDER_PACKET_MAX];
        size_t size = sender_put(n->sender, in != NULL ? in : SILENCE, in != NULL, packet, sizeof packet);
        if (size > 0) {
            network_put(n, packet, size);
        }
    }
}

/* `samples` (whole ticks) of `in` through the path into `out`. */
static inline struct receiver_statistics network_run(struct network *n, const int16_t *in, int16_t *out, size_t samples)
{
    struct receiver_statistics statistics;
    for (size_t i = 0; i + 160 <= samples; i += 160) {
        network_tick(n, in != NULL ? in + i : NULL, out + i);
    }
    receiver_statistics(n->receiver, &statistics);
    return statistics;
}

/* Cross-correlation peak, 0 to 1, of `played` against `spoken` over lags of 0 to 600 ms; gives the lag in samples. */
static inline double network_likeness(const int16_t *spoken, const int16_t *played, size_t samples, size_t *lag)
{
    double best = 0.0;
    for (size_t shift = 0; shift < 9600; shift += 2) {
        double both = 0.0, own = 1.0, other = 1.0;
        for (size_t i = 0; i + shift < samples; i += 3) {
            both += (double)spoken[i] * played[i + shift];
            own += (double)spoken[i] * spoken[i];
            other += (double)played[i + shift] * played[i + shift];
        }
        double alike = both / sqrt(own * other);
        if (alike > best) {
            best = alike;
            *lag = shift;
        }
    }
    return best;
}

#endif
