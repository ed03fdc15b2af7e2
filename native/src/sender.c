#include "sender.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "activity.h"
#include "comfort_noise.h"
#include "rtp.h"
#include "telephone_event.h"

enum {
    PAYLOAD_TYPE_MAX = 127,
    PACKET_SAMPLES = SENDER_PACKET_TIME_MAX * CODEC_SAMPLE_RATE / 1000,
    COMFORT_NOISE_CLOCK = 8000,        /* RFC 3389, 4: of payload type 13                             */
    NOISE_UPDATE = 6400,               /* 400 ms: silence is described anew                           */
};

/* Reported losses rise at once and fade over about ten reports. */
static const double LOSSY = 0.01, LOSS_FADE = 0.8;
enum { UNTOLD_LOSS = 10 };             /* percent, until the first report: better ready than sorry    */

struct sender {
    struct sender_config config;
    const struct codec *codec;
    size_t packet_samples;             /* 16 kHz samples that one packet carries                      */
    uint32_t frame_units;              /* RTP timestamp units of 10 ms                                */
    uint16_t sequence;
    uint32_t timestamp;                /* of the next frame                                           */
    uint32_t packets, octets;
    bool talking;                      /* the last packet was audio without a break: no marker        */
    bool silent;                       /* the last that was sent is a description of the silence      */
    size_t silence;                    /* samples since then                                          */
    struct activity activity;
    double loss;                       /* share of our packets that gets lost                         */
    unsigned expected_loss;            /* percent, as the encoder knows it                            */
    size_t collected;                  /* samples waiting in `samples`                                */
    int16_t samples[PACKET_SAMPLES];
    struct telephone_event_sender events;
    max_align_t encoder[];             /* codec_encoder_size_max() bytes                              */
};

size_t sender_size(void)
{
    return sizeof(struct sender) + codec_encoder_size_max();
}

static bool config_valid(const struct sender_config *config)
{
    const struct codec *codec = codec_get(config->codec);
    if (codec == NULL || config->payload_type > PAYLOAD_TYPE_MAX) {
        return false;
    }
    if (config->packet_time_ms < SENDER_PACKET_TIME_MIN || config->packet_time_ms > SENDER_PACKET_TIME_MAX) {
        return false;
    }
    if (config->comfort_noise_type > PAYLOAD_TYPE_MAX || config->comfort_noise_type == config->payload_type) {
        return false;
    }
    return config->telephone_event_type < 0 || (config->telephone_event_type <= PAYLOAD_TYPE_MAX &&
                                                config->telephone_event_type != config->payload_type &&
                                                config->telephone_event_clock == codec->clock_rate);
}

/* Tells the encoder, which may be a new one, what it should know. */
static void prepare_encoder(struct sender *s)
{
    if (s->codec->suit != NULL) {
        s->codec->suit(s->encoder, s->expected_loss, s->config.rate_max);
    }
    if (s->codec->set_discontinuous != NULL) {
        s->codec->set_discontinuous(s->encoder, s->config.discontinuous);
    }
}

/* Everything but what makes the stream one stream: source, sequence, timestamp, counters. */
static int apply(struct sender *s, const struct sender_config *config, bool same_codec)
{
    const struct codec *codec = codec_get(config->codec);
    int error = same_codec ? 0 : codec->encoder_init(s->encoder);
    if (error != 0) {
        return error;
    }
    s->config = *config;
    s->codec = codec;
    s->packet_samples = config->packet_time_ms / 10 * CODEC_FRAME_SAMPLES;
    s->frame_units = codec->clock_rate / 100;
    s->events.clock_rate = codec->clock_rate;
    if (config->telephone_event_type < 0) {
        telephone_event_sender_init(&s->events, codec->clock_rate);
    }
    prepare_encoder(s);
    return 0;
}

int sender_init(struct sender *s, const struct sender_config *config)
{
    if (!config_valid(config)) {
        return -EINVAL;
    }
    memset(s, 0, sizeof *s);
    telephone_event_sender_init(&s->events, codec_get(config->codec)->clock_rate);
    s->expected_loss = UNTOLD_LOSS;
    s->sequence = config->first_sequence;
    s->timestamp = config->first_timestamp;
    return apply(s, config, false);
}

int sender_configure(struct sender *s, const struct sender_config *config)
{
    if (!config_valid(config)) {
        return -EINVAL;
    }
    struct sender_config next = *config;
    next.ssrc = s->config.ssrc;
    bool same_codec = next.codec == s->config.codec;
    if (!same_codec) {
        s->talking = false;
    }
    return apply(s, &next, same_codec);
}

static size_t finish_packet(struct sender *s, struct rtp_packet *header, uint8_t *packet, size_t capacity)
{
    header->ssrc = s->config.ssrc;
    header->sequence = s->sequence;
    size_t size = rtp_build(packet, capacity, header);
    if (size > 0) {
        s->sequence++;
        s->packets++;
        s->octets += (uint32_t)header->payload_size;
    }
    return size;
}

static size_t put_event(struct sender *s, uint8_t *packet, size_t capacity)
{
    struct telephone_event_packet event;
    if (!telephone_event_tick(&s->events, s->timestamp, &event)) {
        return 0;
    }
    struct rtp_packet header = {
        .marker = event.marker,
        .payload_type = (uint8_t)s->config.telephone_event_type,
        .timestamp = event.timestamp,
        .payload = event.payload,
        .payload_size = sizeof event.payload,
    };
    return finish_packet(s, &header, packet, capacity);
}

/* By RFC 3389; a codec of its own silence does it by itself. */
static bool suppresses_silence(const struct sender *s)
{
    return s->config.discontinuous && s->config.comfort_noise_type >= 0 && s->codec->set_discontinuous == NULL &&
           s->codec->clock_rate == COMFORT_NOISE_CLOCK;
}

/* The timestamp of the first of `samples`, the last of which were put now. */
static uint32_t timestamp_of(const struct sender *s, size_t samples)
{
    return s->timestamp - ((uint32_t)(samples / CODEC_FRAME_SAMPLES) - 1) * s->frame_units;
}

static size_t put_speech(struct sender *s, size_t samples, uint8_t *packet, size_t capacity)
{
    int size = s->codec->encode(s->encoder, s->samples, samples, packet + RTP_HEADER_SIZE, capacity - RTP_HEADER_SIZE);
    if (size <= 0) {
        s->talking = false;
        return 0;
    }
    struct rtp_packet header = {
        .marker = !s->talking,
        .payload_type = s->config.payload_type,
        .timestamp = timestamp_of(s, samples),
        .payload = packet + RTP_HEADER_SIZE,
        .payload_size = (size_t)size,
    };
    s->talking = true;
    return finish_packet(s, &header, packet, capacity);
}

/* What the silence sounds like, when it begins and now and then. */
static size_t put_silence(struct sender *s, size_t samples, uint8_t *packet, size_t capacity)
{
    uint8_t payload[COMFORT_NOISE_PAYLOAD_MAX];
    s->silence += samples;
    if (s->silent && s->silence < NOISE_UPDATE) {
        return 0;
    }
    s->silent = true;
    s->silence = 0;
    s->talking = false;
    comfort_noise_describe(s->samples, samples, payload);
    struct rtp_packet header = {
        .payload_type = (uint8_t)s->config.comfort_noise_type,
        .timestamp = timestamp_of(s, samples),
        .payload = payload,
        .payload_size = sizeof payload,
    };
    return finish_packet(s, &header, packet, capacity);
}

static size_t put_audio(struct sender *s, const int16_t in[CODEC_FRAME_SAMPLES], uint8_t *packet, size_t capacity)
{
    memcpy(s->samples + s->collected, in, CODEC_FRAME_SAMPLES * sizeof *in);
    s->collected += CODEC_FRAME_SAMPLES;
    bool speech = !suppresses_silence(s) || activity_detect(&s->activity, in);
    s->silent = s->silent && !speech;
    if (s->collected < s->packet_samples) {
        return 0;
    }
    /* More than a packet's worth, when the packet time has just become shorter. */
    size_t samples = s->collected;
    s->collected = 0;
    if (capacity <= RTP_HEADER_SIZE) {
        return 0;
    }
    return speech ? put_speech(s, samples, packet, capacity) : put_silence(s, samples, packet, capacity);
}

size_t sender_put(struct sender *s, const int16_t in[CODEC_FRAME_SAMPLES], bool send, uint8_t *packet, size_t capacity)
{
    size_t size = 0;
    if (!send) {
        telephone_event_sender_init(&s->events, s->codec->clock_rate);
        s->collected = 0;
        s->talking = false;
    } else if (telephone_event_busy(&s->events)) {
        s->collected = 0;
        s->talking = false;
        size = put_event(s, packet, capacity);
    } else {
        size = put_audio(s, in, packet, capacity);
    }
    s->timestamp += s->frame_units;
    return size;
}

unsigned sender_frames_to_packet(const struct sender *s)
{
    if (telephone_event_busy(&s->events)) {
        return 1;
    }
    return s->collected < s->packet_samples ? (unsigned)((s->packet_samples - s->collected) / CODEC_FRAME_SAMPLES) : 1;
}

bool sender_digit(struct sender *s, char digit, unsigned milliseconds)
{
    return s->config.telephone_event_type >= 0 && telephone_event_send(&s->events, digit, milliseconds);
}

void sender_note_loss(struct sender *s, double share)
{
    double faded = s->loss * LOSS_FADE;
    s->loss = share > faded ? share : faded;
    s->expected_loss = s->loss >= LOSSY ? (unsigned)(s->loss * 100.0 + 0.5) : 0;
    prepare_encoder(s);
}

void sender_statistics(const struct sender *s, struct sender_statistics *out)
{
    *out = (struct sender_statistics){
        .packets = s->packets,
        .octets = s->octets,
        .timestamp = s->timestamp,
        .sequence = s->sequence,
        .digits_pending = telephone_event_busy(&s->events),
    };
}
