#include "stream.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "demux.h"
#include "memory.h"
#include "rtp.h"
#include "stream_dtls.h"
#include "wire.h"

enum {
    /* Per tick and socket. Reading 19,000 packets a second costs about 0.3 ms of each tick; what a flood leaves unread
     * fills the socket's buffer and crowds out the voice. */
    BATCHES_MAX = 12,
    TELEPHONE_CLOCK_DEFAULT = 8000,
    /* Foreign packets: a token costs 10, a tick brings 4, at most 10 tokens wait: never more than 50 in one second. */
    FOREIGN_COST = 10,
    FOREIGN_REFILL = 4,
    FOREIGN_TOKENS_MAX = 100,
};

void stream_discard(struct stream *stream)
{
    for (unsigned i = 0; i < COMPONENTS * SRTP_DIRECTIONS; i++)
        srtp_context_free(stream->srtp[i / SRTP_DIRECTIONS][i % SRTP_DIRECTIONS]);
    explicit_bzero(stream->keys, sizeof stream->keys);
    free(stream->receiver);
    free(stream->sender);
    free(stream);
}

static void free_stream(struct object *object)
{
    struct stream *stream = (struct stream *)object;
    packet_port_close(&stream->port);
    continuity_free(stream->slot);
    stream_discard(stream);
}

struct stream *stream_new(const struct sender_config *identity, uint64_t seed)
{
    struct stream *stream = memory_new(sizeof *stream);
    void *receiver = memory_new(receiver_size());
    void *sender = memory_new(sender_size());
    if (stream == NULL || receiver == NULL || sender == NULL) {
        free(stream);
        free(receiver);
        free(sender);
        return NULL;
    }
    stream->party.object.kind = OBJECT_STREAM;
    stream->party.object.free = free_stream;
    stream->party.gain = 1;
    stream->receiver = receiver;
    stream->sender = sender;
    stream->setup.sender = *identity;
    stream->foreign_tokens = FOREIGN_TOKENS_MAX;
    for (unsigned i = 0; i < COMPONENTS; i++)
        dtls_filter_init(&stream->dtls_filters[i]);
    level_init(&stream->level_in);
    level_init(&stream->level_out);
    rtcp_session_init(&stream->rtcp, identity->ssrc, seed);
    stream_publish(stream);
    return stream;
}

static int setup_addresses(struct stream_setup *setup, const struct media_stream_config *config)
{
    uint16_t rtcp_port = config->rtcp_port;
    if (config->rtcp_mux)
        rtcp_port = config->rtp_port;
    else if (rtcp_port == 0)
        rtcp_port = (uint16_t)(config->rtp_port + 1);
    int error = address_parse(&setup->remote[COMPONENT_RTP], config->remote_address, config->rtp_port);
    if (error != 0)
        return error;
    setup->remote[COMPONENT_RTCP] = setup->remote[COMPONENT_RTP];
    address_set_port(&setup->remote[COMPONENT_RTCP], rtcp_port);
    if (config->rtcp_address[0] != '\0')
        error = address_parse(&setup->remote[COMPONENT_RTCP], config->rtcp_address, rtcp_port);
    if (error == 0 && config->local_address[0] != '\0')
        error = address_parse(&setup->local, config->local_address, 0);
    return error;
}

int stream_setup_from(struct stream_setup *setup, const struct media_stream_config *config)
{
    const struct codec *codec = codec_get((enum codec_id)config->send.codec);
    memset(setup, 0, sizeof *setup);
    if (codec == NULL || config->receive_count > MEDIA_FORMATS || setup_addresses(setup, config) != 0)
        return -EINVAL;
    for (unsigned i = 0; i < config->receive_count; i++) {
        setup->receiver.payloads[i].type = config->receive[i].payload_type;
        setup->receiver.payloads[i].codec = (enum codec_id)config->receive[i].codec;
    }
    setup->receiver.payload_count = config->receive_count;
    setup->receiver.telephone_event_type = config->receive_telephone_event_type;
    setup->receiver.telephone_event_clock = codec->clock_rate;
    setup->receiver.comfort_noise_type = config->receive_comfort_noise_type;
    setup->sender.codec = codec->id;
    setup->sender.payload_type = config->send.payload_type;
    setup->sender.packet_time_ms = config->packet_time_ms;
    setup->sender.rate_max = config->rate_max;
    setup->sender.telephone_event_type = config->telephone_event_type;
    setup->sender.telephone_event_clock = codec->clock_rate;
    setup->sender.comfort_noise_type = config->comfort_noise_type;
    setup->sender.discontinuous = config->discontinuous;
    setup->clock_rate = codec->clock_rate;
    /* RFC 3264 8.4: whoever names the unspecified address wants neither RTP nor RTCP. Linux would send it to ourselves. */
    setup->reachable = !address_unspecified(&setup->remote[COMPONENT_RTP]);
    setup->sends = config->sends && setup->reachable;
    setup->receives = config->receives;
    setup->connected = config->connected;
    setup->rtcp_mux = config->rtcp_mux;
    setup->chosen_by_ice = config->chosen_by_ice;
    setup->extended_reports = config->extended_reports;
    setup->encrypted = config->encrypted || config->srtp.suite != MEDIA_SRTP_NONE;
    setup->rtcp_apart = config->rtcp_apart;
    memcpy(setup->cname, config->cname, sizeof setup->cname - 1);
    return 0;
}

void stream_configure(struct stream *stream, const struct stream_setup *setup, int64_t now_ns, int64_t wall_ns)
{
    struct stream_setup next = *setup;
    next.sender.ssrc = stream->setup.sender.ssrc;
    next.sender.first_sequence = stream->setup.sender.first_sequence;
    next.sender.first_timestamp = stream->setup.sender.first_timestamp;
    bool first = !stream->configured;
    if (stream->resumed)
        next.sender.first_timestamp = continuity_timestamp(&stream->from, next.clock_rate, now_ns);
    int error = first ? receiver_init(stream->receiver, &next.receiver) : receiver_configure(stream->receiver, &next.receiver);
    if (error == 0)
        error = first ? sender_init(stream->sender, &next.sender) : sender_configure(stream->sender, &next.sender);
    if (error != 0)
        return;     /* out of range: Python has checked the same ranges, so nothing was asked for that we refuse */
    if (next.chosen_by_ice)
        latch_choose(&stream->latch, &next.remote[COMPONENT_RTP], now_ns);
    else
        latch_name(&stream->latch, &next.remote[COMPONENT_RTP], now_ns);
    stream->setup = next;
    stream->configured = true;
    if (!stream->latch.closed)
        stream->rtcp_heard = false;
    stream->rtcp.extended = next.extended_reports;
    rtcp_session_start(&stream->rtcp, next.cname, now_ns, wall_ns);
}

/* Symmetric RTP; a packet in memory has no address. */
static bool source_accepted(struct stream *stream, const struct packet *packet, const struct rtp_packet *parsed)
{
    bool changed = false;
    if (stream->port.in_memory)
        return true;
    if (!latch_accept(&stream->latch, &packet->source, parsed, packet->arrival_ns, &changed))
        return false;
    if (changed)
        stream->rtcp_heard = false;
    return true;
}

static bool payload_type_known(const struct stream *stream, const struct rtp_packet *parsed)
{
    int type = parsed->payload_type;
    if (type == stream->setup.receiver.telephone_event_type || type == stream->setup.receiver.comfort_noise_type)
        return true;
    for (unsigned i = 0; i < stream->setup.receiver.payload_count; i++) {
        if (type == stream->setup.receiver.payloads[i].type)
            return true;
    }
    return false;
}

/* What a component's packets are protected by; NULL: nothing, or nothing yet. */
static struct srtp_context *context_of(const struct stream *stream, enum packet_component component, enum srtp_direction direction)
{
    return stream->srtp[stream->setup.rtcp_apart ? component : COMPONENT_RTP][direction];
}

static bool awaits_keys(const struct stream *stream, enum packet_component component)
{
    return stream->setup.encrypted && context_of(stream, component, SRTP_OUTBOUND) == NULL;
}

/* Whatever libsrtp2 takes for heard is so for the next process too, also where nobody plays it. */
static void note_authentic(struct stream *stream, const struct srtp_context *context, enum packet_component component)
{
    if (stream->slot == NULL)
        return;
    if (component == COMPONENT_RTP) {
        struct srtp_position position = srtp_received(context);
        continuity_received(stream->slot, &position);
    } else {
        struct srtp_position next = srtp_next_report(context);
        continuity_report_received(stream->slot, &next);
    }
}

/* Decrypts in place where keys are agreed. False: the packet is none of the far end's, and was counted. */
static bool unprotected(struct stream *stream, struct packet *packet, enum packet_component component)
{
    struct srtp_context *context = context_of(stream, component, SRTP_INBOUND);
    if (context == NULL) {
        stream->srtp_refused += stream->setup.encrypted;
        return !stream->setup.encrypted;
    }
    switch (srtp_unprotect_packet(context, packet->data, &packet->size, component == COMPONENT_RTCP, packet->arrival_ns)) {
    case SRTP_ACCEPTED:
        note_authentic(stream, context, component);
        return true;
    case SRTP_REFUSED:
        stream->srtp_refused++;
        break;
    case SRTP_REPLAYED:
        stream->srtp_replayed++;
        break;
    }
    return false;
}

static void record_received(struct stream *stream, const struct packet *packet)
{
    if (stream->recording != NULL &&
        recording_offer(stream->recording, (struct pcap_flow){0}, packet->arrival_ns, packet->data, packet->size))
        recording_keep(stream->recording);
}

static void take_rtp(struct stream *stream, struct packet *packet)
{
    struct rtp_packet parsed;
    bool proved = reach_has_proved(&stream->reach, &packet->source);
    if (!stream->port.in_memory && !proved && !latch_possible(&stream->latch, &packet->source)) {
        stream->wrong_source++;
        return;
    }
    if (packet->truncated) {
        stream->malformed++;
        return;
    }
    if (!unprotected(stream, packet, COMPONENT_RTP))
        return;
    if (rtp_parse(&parsed, packet->data, packet->size) != 0) {
        stream->malformed++;
        return;
    }
    /* Nobody is taken for the far end by what couldn't be voice of this call. */
    bool judged = stream->port.in_memory || stream->latch.closed;
    if (!judged && !payload_type_known(stream, &parsed)) {
        stream->wrong_source++;
        return;
    }
    if (!proved && !source_accepted(stream, packet, &parsed)) {
        stream->wrong_source++;
        return;
    }
    record_received(stream, packet);
    receiver_put(stream->receiver, packet->data, packet->size, packet->arrival_ns);
}

bool stream_rtcp_possible(const struct stream *stream, const struct packet *packet)
{
    if (stream->port.in_memory || reach_has_proved(&stream->reach, &packet->source))
        return true;
    if (stream->setup.chosen_by_ice)
        return address_equal(&stream->setup.remote[COMPONENT_RTCP], &packet->source);
    return address_same_host(latch_address(&stream->latch), &packet->source) ||
           address_same_host(&stream->setup.remote[COMPONENT_RTCP], &packet->source);
}

static void take_rtcp(struct stream *stream, struct packet *packet, struct events *events)
{
    if (!stream_rtcp_possible(stream, packet)) {
        stream->wrong_source++;
        return;
    }
    if (packet->truncated) {
        stream->malformed++;
        return;
    }
    if (!unprotected(stream, packet, COMPONENT_RTCP))
        return;
    stream->rtcp_source = packet->source;
    stream->rtcp_heard = !stream->port.in_memory && !stream->setup.chosen_by_ice;
    struct receiver_statistics statistics;
    receiver_statistics(stream->receiver, &statistics);
    bool bye = false;
    uint64_t reports = stream->rtcp.reports;
    if (!rtcp_session_receive(&stream->rtcp, packet->data, packet->size, packet->arrival_ns, stream->setup.clock_rate,
                              statistics.ssrc, &bye)) {
        stream->malformed++;
        return;
    }
    if (stream->rtcp.reports != reports)
        sender_note_loss(stream->sender, stream->rtcp.remote_fraction_lost);
    if (bye && statistics.active)
        events_emit(events, MEDIA_EVENT_BYE, stream->party.object.id, 0, 0);
}

static void take_foreign(struct stream *stream, enum packet_component component, const struct packet *packet,
                         struct events *events)
{
    stream->foreign++;
    if (stream->foreign_tokens < FOREIGN_COST || packet->truncated)
        return;
    stream->foreign_tokens -= FOREIGN_COST;
    struct media_event *event = events_begin(events, MEDIA_EVENT_FOREIGN, stream->party.object.id, 0, 0);
    if (event == NULL)
        return;
    event->b = component;
    event->relayed = packet->relayed;
    event->local[0] = '\0';
    if (!stream->port.in_memory) {
        event->a = address_port(&packet->source);
        address_format(&packet->source, event->text, sizeof event->text);
        if (packet->local.generic.sa_family != AF_UNSPEC)
            address_format(&packet->local, event->local, sizeof event->local);
    }
    event->size = (uint16_t)packet->size;
    memcpy(event->data, packet->data, packet->size);
    events_commit(events);
}

static void take_stun(struct stream *stream, enum packet_component component, const struct packet *packet,
                      struct events *events)
{
    if (!packet->truncated && reach_admits(&stream->reach, packet))
        take_foreign(stream, component, packet, events);
    else
        stream->foreign++;
}

/* Before anything is agreed only the far end's connectivity checks count, and its first step of a handshake. */
static void take(struct stream *stream, enum packet_component component, struct packet *packet, struct events *events)
{
    enum demux_kind kind = demux_classify(packet->data, packet->size);
    if ((kind == DEMUX_CHANNEL || kind == DEMUX_STUN) && reach_unwrap(&stream->reach, component, packet))
        kind = demux_classify(packet->data, packet->size);
    if (kind == DEMUX_STUN)
        take_stun(stream, component, packet, events);
    if (kind == DEMUX_DTLS)
        stream_take_dtls(stream, component, packet);
    if (kind == DEMUX_STUN || kind == DEMUX_DTLS || !stream->configured)
        return;
    switch (kind) {
    case DEMUX_RTP:
        take_rtp(stream, packet);
        break;
    case DEMUX_RTCP:
        take_rtcp(stream, packet, events);
        break;
    case DEMUX_STUN:
    case DEMUX_DTLS:
    case DEMUX_ZRTP:
    case DEMUX_CHANNEL:
    case DEMUX_UNKNOWN:
        stream->malformed++;
        break;
    }
}

static void receive_streamed(struct stream *stream, struct events *events)
{
    for (unsigned component = 0; component < COMPONENTS; component++) {
        struct relay_link *link = stream->reach.streams[component];
        /* No more than there are now: the relay thread may put in as fast as this one takes out. */
        for (size_t left = link == NULL ? 0 : queue_count(&link->outgoing); left > 0; left--) {
            take(stream, (enum packet_component)component, queue_front(&link->outgoing), events);
            queue_release(&link->outgoing);
        }
    }
}

void stream_receive(struct stream *stream, struct packet_batch *batch, struct events *events, bool rtp, bool rtcp)
{
    bool urgent = reach_is_checking(&stream->reach) || (stream->setup.rtcp_apart && awaits_keys(stream, COMPONENT_RTCP));
    const bool reads[COMPONENTS] = {[COMPONENT_RTP] = rtp, [COMPONENT_RTCP] = rtcp || (rtp && urgent)};
    if (stream->foreign_tokens < FOREIGN_TOKENS_MAX)
        stream->foreign_tokens += FOREIGN_REFILL;
    receive_streamed(stream, events);
    for (unsigned component = 0; component < COMPONENTS; component++) {
        for (unsigned i = 0; i < BATCHES_MAX && reads[component]; i++) {
            size_t count = packet_port_receive(&stream->port, (enum packet_component)component, batch);
            for (size_t k = 0; k < count; k++)
                take(stream, (enum packet_component)component, &batch->packets[k], events);
            if (count < PACKET_BATCH)
                break;
        }
    }
}

static void report_event(const struct stream *stream, const struct receiver_event *event, struct events *events)
{
    int id = stream->party.object.id;
    switch (event->kind) {
    case RECEIVER_STARTED:
        events_emit(events, MEDIA_EVENT_STARTED, id, 0, 0);
        break;
    case RECEIVER_SOURCE_CHANGED:
        events_emit(events, MEDIA_EVENT_SOURCE, id, event->ssrc, 0);
        break;
    case RECEIVER_DIGIT:
        events_emit(events, MEDIA_EVENT_DIGIT, id, event->digit, event->milliseconds);
        break;
    }
}

void stream_play(struct stream *stream, struct events *events, int64_t now_ns)
{
    struct receiver_event event;
    if (!stream->configured)
        return;
    receiver_get(stream->receiver, stream->party.input, now_ns);
    while (receiver_event(stream->receiver, &event))
        report_event(stream, &event, events);
    stream->far_frames += stream->setup.receives && receiver_playing(stream->receiver);
    if (!stream->setup.receives)
        memset(stream->party.input, 0, sizeof stream->party.input);
    level_add(&stream->level_in, stream->party.input);
}

unsigned stream_ticks_to_packet(const struct stream *stream)
{
    return stream->configured && stream->setup.sends ? sender_frames_to_packet(stream->sender) : UINT_MAX;
}

/* Encrypts in place where keys are agreed. 0: it could not be done, and nothing may leave. */
static size_t protected_size(struct stream *stream, uint8_t *packet, size_t size, enum packet_component component)
{
    struct srtp_context *context = context_of(stream, component, SRTP_OUTBOUND);
    return context == NULL ? size : srtp_protect_packet(context, packet, size, component == COMPONENT_RTCP);
}

/* Before it leaves: what has left is never more than what is written down. */
static void note_sending(struct stream *stream, const uint8_t *packet, int64_t now_ns)
{
    struct srtp_context *context = context_of(stream, COMPONENT_RTP, SRTP_OUTBOUND);
    uint16_t sequence = wire_get16(packet + 2);
    uint64_t index = context == NULL ? sequence : srtp_index(context, stream->rtcp.ssrc, sequence);
    continuity_sending(stream->slot, index, wire_get32(packet + 4), now_ns);
}

bool stream_send(struct stream *stream, int64_t now_ns)
{
    _Alignas(8) uint8_t packet[SENDER_PACKET_MAX + SRTP_TRAILER_MAX];
    if (!stream->configured)
        return false;
    level_add(&stream->level_out, stream->party.heard);
    bool sends = stream->setup.sends && !awaits_keys(stream, COMPONENT_RTP);
    size_t size = sender_put(stream->sender, stream->party.heard, sends, packet, SENDER_PACKET_MAX);
    if (size == 0 || stream->reach.silenced)
        return false;
    bool recorded = stream->recording != NULL &&
                    recording_offer(stream->recording, (struct pcap_flow){.outbound = true}, now_ns, packet, size);
    size = protected_size(stream, packet, size, COMPONENT_RTP);
    if (size != 0 && stream->slot != NULL)
        note_sending(stream, packet, now_ns);
    bool sent = size != 0 && reach_send(&stream->reach, &stream->port, COMPONENT_RTP, packet, size, &stream->setup.local,
                                        latch_address(&stream->latch));
    stream->send_errors += !sent;
    if (sent && recorded)
        recording_keep(stream->recording);
    return sent;
}

union address stream_rtcp_address(const struct stream *stream)
{
    union address to = stream->setup.remote[COMPONENT_RTCP];
    if (stream->rtcp_heard) {
        to = stream->rtcp_source;
    } else if (!address_equal(latch_address(&stream->latch), &stream->setup.remote[COMPONENT_RTP])) {
        to = *latch_address(&stream->latch);
        address_set_port(&to, (uint16_t)(address_port(&to) + (stream->setup.rtcp_mux ? 0 : 1)));
    }
    return to;
}

static void send_rtcp(struct stream *stream, const uint8_t *packet, size_t size)
{
    union address to = stream_rtcp_address(stream);
    enum packet_component component = stream->setup.rtcp_mux ? COMPONENT_RTP : COMPONENT_RTCP;
    stream->send_errors += !reach_send(&stream->reach, &stream->port, component, packet, size, &stream->setup.local, &to);
}

static void send_report(struct stream *stream, double echo_loss_db, int64_t now_ns, bool bye)
{
    _Alignas(8) uint8_t packet[RTCP_PACKET_MAX + SRTP_TRAILER_MAX];
    if (!stream->setup.reachable || stream->reach.silenced || awaits_keys(stream, COMPONENT_RTCP))
        return;
    struct voip_conditions conditions = {
        .packet_ms = stream->setup.sender.packet_time_ms,
        .echo_return_loss_db = echo_loss_db,
        .signal_dbov = stream->far_speech.signal_dbov,
        .noise_dbov = stream->far_speech.noise_dbov,
    };
    rtcp_session_conditions(&stream->rtcp, &conditions);
    size_t size = rtcp_session_report(&stream->rtcp, stream->receiver, stream->sender, &conditions, now_ns, bye, packet,
                                      RTCP_PACKET_MAX);
    if (size != 0)
        size = protected_size(stream, packet, size, COMPONENT_RTCP);
    if (size != 0 && stream->slot != NULL)
        continuity_reporting(stream->slot);
    if (size != 0)
        send_rtcp(stream, packet, size);
}

bool stream_report_due(const struct stream *stream, int64_t now_ns)
{
    return stream->configured && rtcp_session_due(&stream->rtcp, now_ns);
}

void stream_report(struct stream *stream, double echo_loss_db, int64_t now_ns)
{
    send_report(stream, echo_loss_db, now_ns, false);
}

void stream_leave(struct stream *stream, int64_t now_ns)
{
    if (!stream->configured)
        return;
    struct sender_statistics sent;
    sender_statistics(stream->sender, &sent);
    if (sent.packets != 0 || stream->rtcp.sent != 0)
        send_report(stream, -1, now_ns, true);
    stream->configured = false;
}

static double ratio(double part, uint64_t whole)
{
    return whole == 0 ? 0 : part / (double)whole;
}

static void publish_pattern(const struct receiver_statistics *in, struct media_stream_statistics *out)
{
    const struct loss_summary *pattern = &in->pattern;
    out->expected = pattern->packets;
    out->missed = pattern->missed;
    out->missed_late = pattern->late;
    out->missed_runs = pattern->missed_runs;
    out->burst_density = ratio((double)pattern->burst_missed, pattern->burst_packets);
    out->burst_ms = ratio((double)pattern->burst_packets * in->packet_ms, pattern->bursts);
    out->gap_density = ratio((double)pattern->gap_missed, pattern->gap_packets);
    out->gap_ms = ratio((double)pattern->gap_packets * in->packet_ms, pattern->gaps);
}

static void publish_receiver(const struct stream *stream, struct media_stream_statistics *out)
{
    struct receiver_statistics in;
    receiver_statistics(stream->receiver, &in);
    out->packets_received = in.received;
    out->lost = in.lost;
    out->late = in.late;
    out->duplicate = in.duplicate;
    out->reordered = in.reordered;
    out->discarded = in.discarded;
    out->malformed += in.malformed;
    out->jitter_ms = in.jitter_ms;
    out->buffer_ms = in.buffer_ms;
    out->playout_delay_ms = in.playout_delay_ms;
    out->concealed_ms = (double)in.concealed_ms;
    out->receive_codec = in.active ? (int32_t)in.codec : -1;
    out->ssrc = in.ssrc;
    publish_pattern(&in, out);
}

void stream_publish(struct stream *stream)
{
    uint32_t heard = stream->level_in.frames;
    struct media_stream_statistics out = {
        .send_errors = stream->send_errors,
        .wrong_source = stream->wrong_source,
        .malformed = stream->malformed,
        .foreign = stream->foreign,
        .srtp_refused = stream->srtp_refused,
        .srtp_replayed = stream->srtp_replayed,
        .rtcp_sent = stream->rtcp.sent,
        .rtcp_received = stream->rtcp.received,
        .round_trip_ms = stream->rtcp.round_trip_ms,
        .remote_fraction_lost = stream->rtcp.remote_fraction_lost,
        .remote_jitter_ms = stream->rtcp.remote_jitter_ms,
        .level_in_dbov = level_take(&stream->level_in),
        .level_out_dbov = level_take(&stream->level_out),
        .receive_codec = -1,
        .secured = stream->srtp[COMPONENT_RTP][SRTP_INBOUND] != NULL && stream->srtp[COMPONENT_RTP][SRTP_OUTBOUND] != NULL,
        .remote_reports = stream->rtcp.remote_metrics_count,
        .remote_metrics = stream->rtcp.remote_metrics,
    };
    if (stream->configured) {
        struct sender_statistics sent;
        sender_statistics(stream->sender, &sent);
        out.packets_sent = sent.packets;
        out.octets_sent = sent.octets;
        publish_receiver(stream, &out);
        if (heard != 0 && stream->far_frames == heard)
            speech_level_add(&stream->far_speech, out.level_in_dbov);
        stream->far_frames = 0;
    }
    snapshot_write(&stream->snapshot, &out, sizeof out);
}
