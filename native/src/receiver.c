#include "receiver.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "delay.h"
#include "jitter.h"
#include "playout.h"
#include "rtp.h"
#include "source.h"
#include "telephone_event.h"

enum {
    PAYLOAD_TYPE_MAX = 127,
    EVENTS_MAX = 16,
    SAMPLE_NS = 1000000000 / CODEC_SAMPLE_RATE,
    STRAY_ARRIVAL = 5 * CODEC_FRAME_SAMPLES,     /* further from the tick than this: a clock was set                       */
    MEAN_DELAY_TICKS = 200,
    JUMP = 2 * CODEC_SAMPLE_RATE,                /* timestamps further than this from where they were begin anew           */
    COMFORT_NOISE_CLOCK = 8000,                  /* RFC 3389, 4                                                            */
};

struct receiver {
    struct receiver_config config;
    struct source source;
    struct jitter_buffer jitter;
    struct delay_estimator delay;
    struct telephone_event_receiver digits;
    struct receiver_event events[EVENTS_MAX];
    unsigned event_head, event_count;
    bool started;                                /* RECEIVER_STARTED has been told                                         */
    int64_t now;                                 /* time of the last tick, 16 kHz samples counted in ticks                 */
    int64_t now_ns;                              /* the same on the caller's clock                                         */
    unsigned clock_rate;                         /* of the running timestamps; 0: none yet                                 */
    uint32_t timestamp;                          /* highest seen                                                           */
    int64_t extended_timestamp;                  /* the same without wrap-around                                           */
    int64_t time_base;                           /* media time of extended timestamp 0                                     */
    double packet_ms;                            /* of the last packet                                                     */
    int64_t placed_sequence, placed_end;         /* of the packet that came last: where it stands, and its end in media time */
    uint64_t received, duplicate, late, reordered, discarded, malformed;
    double mean_delay;                           /* samples                                                                */
    struct playout playout;
    max_align_t decoders[];                      /* twice codec_decoder_size_max() bytes                                   */
};

/* Room for the largest decoder, in units that keep the next one aligned. */
static size_t decoder_units(void)
{
    return (codec_decoder_size_max() + sizeof(max_align_t) - 1) / sizeof(max_align_t);
}

size_t receiver_size(void)
{
    return sizeof(struct receiver) + 2 * decoder_units() * sizeof(max_align_t);
}

static bool config_valid(const struct receiver_config *config)
{
    if (config->payload_count > RECEIVER_PAYLOADS_MAX || config->telephone_event_type > PAYLOAD_TYPE_MAX ||
        config->comfort_noise_type > PAYLOAD_TYPE_MAX) {
        return false;
    }
    for (unsigned i = 0; i < config->payload_count; i++) {
        const struct receiver_payload *payload = &config->payloads[i];
        if (payload->type > PAYLOAD_TYPE_MAX || codec_get(payload->codec) == NULL) {
            return false;
        }
    }
    return config->telephone_event_type < 0 || config->telephone_event_clock == 8000 ||
           config->telephone_event_clock == 48000;
}

int receiver_init(struct receiver *r, const struct receiver_config *config)
{
    if (!config_valid(config)) {
        return -EINVAL;
    }
    memset(r, 0, sizeof *r);
    r->config = *config;
    telephone_event_receiver_init(&r->digits, config->telephone_event_clock);
    delay_init(&r->delay);
    playout_init(&r->playout, r->decoders, r->decoders + decoder_units());
    return 0;
}

int receiver_configure(struct receiver *r, const struct receiver_config *config)
{
    if (!config_valid(config)) {
        return -EINVAL;
    }
    r->config = *config;
    r->digits.clock_rate = config->telephone_event_clock;
    return 0;
}

static void add_event(struct receiver *r, struct receiver_event event)
{
    if (r->event_count < EVENTS_MAX) {
        event.ssrc = r->source.ssrc;
        r->events[(r->event_head + r->event_count) % EVENTS_MAX] = event;
        r->event_count++;
    }
}

static void add_digit(struct receiver *r, const struct telephone_event_digit_received *digit)
{
    add_event(r, (struct receiver_event){
        .kind = RECEIVER_DIGIT, .digit = digit->digit, .milliseconds = digit->milliseconds,
    });
}

bool receiver_event(struct receiver *r, struct receiver_event *event)
{
    if (r->event_count == 0) {
        return false;
    }
    *event = r->events[r->event_head];
    r->event_head = (r->event_head + 1) % EVENTS_MAX;
    r->event_count--;
    return true;
}

static const struct codec *find_codec(const struct receiver *r, uint8_t payload_type)
{
    for (unsigned i = 0; i < r->config.payload_count; i++) {
        if (r->config.payloads[i].type == payload_type) {
            return codec_get(r->config.payloads[i].codec);
        }
    }
    return NULL;
}

/* Timestamps count anew from media time `time_base`. */
static void begin_timestamps(struct receiver *r, unsigned clock_rate, uint32_t timestamp, int64_t time_base)
{
    source_forget_arrival(&r->source);
    r->clock_rate = clock_rate;
    r->timestamp = timestamp;
    r->extended_timestamp = 0;
    r->time_base = time_base;
}

/* Timestamps, or sequence numbers, begin anew: what was learnt about lateness stays. */
static void restart_timeline(struct receiver *r, unsigned clock_rate, uint32_t timestamp)
{
    jitter_reset(&r->jitter);
    delay_restart(&r->delay);
    playout_restart(&r->playout);
    begin_timestamps(r, clock_rate, timestamp, 0);
}

static void note_source(struct receiver *r, enum source_verdict verdict)
{
    if (verdict != SOURCE_STARTED) {
        return;
    }
    r->clock_rate = 0;    /* the next audio packet begins the timeline */
    jitter_reset(&r->jitter);
    r->playout.pattern = (struct loss_pattern){0};
    telephone_event_receiver_init(&r->digits, r->config.telephone_event_clock);
    add_event(r, (struct receiver_event){.kind = r->started ? RECEIVER_SOURCE_CHANGED : RECEIVER_STARTED});
    r->started = true;
}

static double to_ms(double samples)
{
    return samples * 1000.0 / CODEC_SAMPLE_RATE;
}

static int64_t to_samples(int64_t units, unsigned clock_rate)
{
    return units * CODEC_SAMPLE_RATE / (int64_t)clock_rate;
}

/* The time of arrival counted as ticks are: no clock but the ticks' own, and the kernel's only for what lies between two. */
static int64_t arrival_time(const struct receiver *r, int64_t arrival_ns)
{
    int64_t since_tick = (arrival_ns - r->now_ns) / SAMPLE_NS;
    if (since_tick < -STRAY_ARRIVAL || since_tick > STRAY_ARRIVAL) {
        since_tick = 0;
    }
    return r->now + since_tick;
}

static void put_digit(struct receiver *r, const struct rtp_packet *packet)
{
    struct telephone_event_digit_received digit;
    if (telephone_event_receive(&r->digits, packet->timestamp, packet->payload, packet->payload_size, &digit)) {
        add_digit(r, &digit);
    }
}

static void store(struct receiver *r, const struct jitter_packet *packet, const uint8_t *payload)
{
    switch (jitter_put(&r->jitter, packet, payload)) {
    case JITTER_DUPLICATE:
        r->duplicate++;
        break;
    case JITTER_LATE:
        r->late++;
        loss_pattern_late(&r->playout.pattern);
        break;
    case JITTER_STORED:
        break;
    }
}

/* Media time of a packet of `samples`. A codec with another clock goes on where the one before it ended: its timestamps have nothing
 * to do with the earlier ones (RFC 7160, 4), its sequence numbers have. */
static int64_t place(struct receiver *r, uint32_t timestamp, unsigned clock_rate, int64_t sequence, int64_t samples)
{
    int64_t ahead = to_samples(rtp_timestamp_distance(r->timestamp, timestamp), clock_rate);
    if (r->clock_rate == 0 || (r->clock_rate == clock_rate && (ahead > JUMP || ahead < -JUMP))) {
        restart_timeline(r, clock_rate, timestamp);
    } else if (r->clock_rate != clock_rate) {
        int64_t missing = (sequence - r->placed_sequence - 1) * samples;
        begin_timestamps(r, clock_rate, timestamp, r->placed_end + missing);
    }
    int64_t extended = r->extended_timestamp + rtp_timestamp_distance(r->timestamp, timestamp);
    if (extended > r->extended_timestamp) {
        r->extended_timestamp = extended;
        r->timestamp = timestamp;
    }
    int64_t time = r->time_base + to_samples(extended, clock_rate);
    r->placed_sequence = sequence;
    r->placed_end = time + samples;
    return time;
}

static void put_noise(struct receiver *r, const struct rtp_packet *packet, int64_t sequence)
{
    struct jitter_packet entry = {
        .sequence = sequence,
        .time = place(r, packet->timestamp, COMFORT_NOISE_CLOCK, sequence, 0),
        .noise = true,
        .size = packet->payload_size < COMFORT_NOISE_PAYLOAD_MAX ? packet->payload_size : COMFORT_NOISE_PAYLOAD_MAX,
    };
    store(r, &entry, packet->payload);
}

static void put_audio(struct receiver *r, const struct rtp_packet *packet, const struct codec *codec, int64_t sequence,
                      int64_t arrival)
{
    int samples = packet->payload_size <= CODEC_PAYLOAD_MAX ? codec->duration(packet->payload, packet->payload_size) : -EBADMSG;
    if (samples < 0) {
        r->malformed++;
        return;
    }
    struct jitter_packet entry = {
        .sequence = sequence,
        .time = place(r, packet->timestamp, codec->clock_rate, sequence, samples),
        .codec = codec,
        .samples = (size_t)samples,
        .size = packet->payload_size,
    };
    r->packet_ms = to_ms(samples);
    source_arrival(&r->source, packet->timestamp, (uint32_t)(arrival * codec->clock_rate / CODEC_SAMPLE_RATE));
    delay_update(&r->delay, arrival, entry.time);
    store(r, &entry, packet->payload);
}

void receiver_put(struct receiver *r, const uint8_t *data, size_t size, int64_t arrival_ns)
{
    struct rtp_packet packet;
    int64_t sequence = 0;
    if (rtp_parse(&packet, data, size) != 0) {
        r->malformed++;
        return;
    }
    const struct codec *codec = find_codec(r, packet.payload_type);
    bool event = packet.payload_type == r->config.telephone_event_type;
    bool noise = packet.payload_type == r->config.comfort_noise_type;
    if (codec == NULL && !event && !noise) {
        r->discarded++;
        return;
    }
    int64_t highest = r->source.highest;
    enum source_verdict verdict = source_check(&r->source, packet.ssrc, packet.sequence, &sequence);
    if (verdict == SOURCE_DOUBTED) {
        r->discarded++;
        return;
    }
    note_source(r, verdict);
    r->received++;
    r->reordered += verdict == SOURCE_ACCEPTED && sequence < highest;
    if (event || packet.payload_size == 0) {
        struct jitter_packet nothing = {.sequence = sequence};
        store(r, &nothing, NULL);
    }
    if (event) {
        put_digit(r, &packet);
    } else if (packet.payload_size > 0 && noise) {
        put_noise(r, &packet, sequence);
    } else if (packet.payload_size > 0) {
        put_audio(r, &packet, codec, sequence, arrival_time(r, arrival_ns));
    }
}

void receiver_get(struct receiver *r, int16_t out[CODEC_FRAME_SAMPLES], int64_t now_ns)
{
    struct telephone_event_digit_received digit;
    r->now += CODEC_FRAME_SAMPLES;
    r->now_ns = now_ns;
    if (telephone_event_expire(&r->digits, &digit)) {
        add_digit(r, &digit);
    }
    playout_get(&r->playout, &r->jitter, &r->delay, r->now, out);
    if (r->playout.playing) {
        double weight = r->mean_delay > 0.0 ? 1.0 / MEAN_DELAY_TICKS : 1.0;
        r->mean_delay += ((double)r->playout.delay - r->mean_delay) * weight;
    }
}

bool receiver_playing(const struct receiver *r)
{
    return r->playout.playing;
}

static double waiting(const struct receiver *r)
{
    const struct jitter_packet *last = jitter_last(&r->jitter);
    int64_t ahead = last != NULL && r->playout.playing ? last->time + (int64_t)last->samples - r->playout.end : 0;
    return (double)r->playout.length + (ahead > 0 ? (double)ahead : 0.0);
}

void receiver_statistics(const struct receiver *r, struct receiver_statistics *out)
{
    const struct playout *p = &r->playout;
    *out = (struct receiver_statistics){
        .received = r->received,
        .lost = source_lost(&r->source),
        .late = r->late + p->late,
        .duplicate = r->duplicate,
        .reordered = r->reordered,
        .discarded = r->discarded + r->jitter.overflows,
        .malformed = r->malformed + p->refused,
        .jitter_ms = r->clock_rate > 0 ? r->source.jitter * 1000.0 / r->clock_rate : 0.0,
        .buffer_ms = to_ms(waiting(r)),
        .target_delay_ms = to_ms((double)playout_target(p, &r->delay)),
        .playout_delay_ms = to_ms(r->mean_delay),
        .concealed_ms = p->concealed * 1000 / CODEC_SAMPLE_RATE,
        .stretched_ms = p->stretched * 1000 / CODEC_SAMPLE_RATE,
        .active = r->source.known,
        .codec = p->codec != NULL ? p->codec->id : CODEC_PCMU,
        .ssrc = r->source.ssrc,
        .packet_ms = r->packet_ms,
    };
    loss_pattern_summary(&p->pattern, &out->pattern);
}

bool receiver_report(struct receiver *r, struct rtcp_report_block *block)
{
    if (!r->source.known) {
        return false;
    }
    source_report(&r->source, block);
    return true;
}
