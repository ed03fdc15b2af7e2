/* Streams as other threads see them, and the packet ports in memory that a test stands behind. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "emodel.h"
#include "engine_internal.h"
#include "srtp_change.h"
#include "voip_metrics.h"

/* Far from the wrap-around: an SRTP receiver that missed the first packets would count it wrong (RFC 3711, 3.3.1). */
enum { FIRST_SEQUENCE_MASK = 0x7FFF };

static struct stream *new_stream(void)
{
    struct {
        uint32_t ssrc, timestamp;
        uint64_t seed;
        uint16_t sequence;
    } random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return NULL;
    struct sender_config identity = {
        .ssrc = random.ssrc,
        .first_timestamp = random.timestamp,
        .first_sequence = random.sequence & FIRST_SEQUENCE_MASK,
    };
    return stream_new(&identity, random.seed);
}

static int adopt_stream(struct engine *engine, struct stream *stream, struct media_stream_info *info)
{
    *info = (struct media_stream_info){
        .ssrc = stream->rtcp.ssrc,
        .rtp_port = stream->port.ports[COMPONENT_RTP],
        .rtcp_port = stream->port.ports[COMPONENT_RTCP],
        .sockets = {-1, -1},
    };
    if (!stream->port.in_memory)
        memcpy(info->sockets, stream->port.sockets, sizeof info->sockets);
    if (engine->continuity != NULL && stream->slot == NULL) {
        pthread_mutex_lock(&engine->control);
        stream->slot = continuity_take(engine->continuity, stream->rtcp.ssrc);
        pthread_mutex_unlock(&engine->control);
    }
    return engine_adopt(engine, &stream->party.object);
}

int engine_stream_new(struct engine *engine, const char *address, uint16_t first_port, uint16_t last_port, int dscp,
                      struct media_stream_info *info)
{
    struct stream *stream = new_stream();
    if (stream == NULL)
        return -ENOMEM;
    int error = packet_port_open(&stream->port, address, first_port, last_port, dscp);
    if (error != 0) {
        stream_discard(stream);
        return error;
    }
    return adopt_stream(engine, stream, info);
}

int engine_keep_in(struct engine *engine, int descriptor)
{
    return engine->continuity != NULL ? -EBUSY : continuity_open(&engine->continuity, descriptor);
}

static struct stream *resumed_stream(struct engine *engine, uint32_t ssrc)
{
    struct continuity_state from;
    struct continuity_slot *slot = continuity_find(engine->continuity, ssrc, &from);
    uint64_t seed;
    if (slot == NULL || getrandom(&seed, sizeof seed, 0) != sizeof seed)
        return NULL;
    struct sender_config identity = {.ssrc = ssrc, .first_sequence = (uint16_t)from.sent};
    struct stream *stream = stream_new(&identity, seed);
    if (stream != NULL) {
        stream->slot = slot;
        stream->resumed = true;
        stream->from = from;
    }
    return stream;
}

int engine_stream_resume(struct engine *engine, int rtp_socket, int rtcp_socket, uint32_t ssrc, struct media_stream_info *info)
{
    const int sockets[COMPONENTS] = {[COMPONENT_RTP] = rtp_socket, [COMPONENT_RTCP] = rtcp_socket};
    if (engine->continuity == NULL)
        return -ENOENT;
    struct stream *stream = resumed_stream(engine, ssrc);
    if (stream == NULL)
        return -ENOENT;
    int error = packet_port_resume(&stream->port, sockets);
    if (error != 0) {
        stream_discard(stream);
        return error;
    }
    return adopt_stream(engine, stream, info);
}

int engine_memory_stream_new(struct engine *engine, struct media_stream_info *info)
{
    struct stream *stream = new_stream();
    if (stream == NULL)
        return -ENOMEM;
    int error = packet_port_open_memory(&stream->port);
    if (error != 0) {
        stream_discard(stream);
        return error;
    }
    return adopt_stream(engine, stream, info);
}

/* Sends a stream's configuration together with the contexts that new keys want. */
static int send_configuration_locked(struct engine *engine, struct command *command, const struct media_srtp keys[COMPONENTS])
{
    struct stream *stream = (struct stream *)command->object;
    struct srtp_change *change;
    int error = srtp_change_new(&change, stream->keys, keys, stream->rtcp.ssrc);
    if (error != 0)
        return error;
    command->other = change == NULL ? NULL : &change->object;
    if (stream->resumed && !stream->resumed_keys)
        error = srtp_change_resume(change, keys, &stream->from, stream->rtcp.ssrc);
    if (error == 0)
        error = engine_send_locked(engine, command);
    if (error == 0) {
        memcpy(stream->keys, keys, sizeof stream->keys);
        stream->resumed_keys = true;
    } else if (change != NULL) {
        change->object.free(&change->object);
    }
    return error;
}

int engine_stream_configure(struct engine *engine, int stream, const struct media_stream_config *config)
{
    struct command command = {.kind = COMMAND_CONFIGURE};
    int result = stream_setup_from(&command.setup, config);
    if (result != 0)
        return result;
    struct media_srtp keys[COMPONENTS] = {[COMPONENT_RTP] = config->srtp};
    if (config->rtcp_apart)
        keys[COMPONENT_RTCP] = config->srtcp;
    pthread_mutex_lock(&engine->control);
    engine_collect_locked(engine);
    command.object = engine_find_kind(engine, stream, OBJECT_STREAM);
    result = command.object == NULL ? -ENOENT : send_configuration_locked(engine, &command, keys);
    pthread_mutex_unlock(&engine->control);
    explicit_bzero(keys, sizeof keys);
    return result;
}

double media_rating(int codec, double loss, double burst_ratio, double delay_ms, double echo_loss_db)
{
    struct emodel_connection connection = {
        .codec = (enum media_codec)codec,
        .loss = loss,
        .burst_ratio = burst_ratio,
        .delay_ms = delay_ms,
        .echo_loss_db = echo_loss_db,
    };
    return codec_get((enum codec_id)codec) == NULL ? -1 : emodel_rating(&connection);
}

double media_mos(double rating)
{
    return emodel_mos(rating);
}

double media_burst_ratio(uint64_t expected, uint64_t missed, uint64_t runs)
{
    return loss_summary_burst_ratio(expected, missed, runs);
}

double media_end_system_delay(double packet_ms, double playout_delay_ms)
{
    return voip_end_system_delay(packet_ms, playout_delay_ms);
}

double media_one_way_delay(double round_trip_ms, double end_system_ms, double remote_end_system_ms)
{
    return voip_one_way_delay(round_trip_ms, end_system_ms, remote_end_system_ms);
}

double media_talker_echo_loss(double remote_echo_return_loss_db)
{
    return voip_talker_echo_loss(remote_echo_return_loss_db);
}

size_t engine_srtp_key_size(uint32_t suite)
{
    return srtp_key_size(suite);
}

int engine_stream_reach(struct engine *engine, int stream, const struct media_reach *reach)
{
    struct command command = {.kind = COMMAND_REACH};
    int error = reach_setup_from(&command.reach, reach);
    return error != 0 ? error : engine_command_to(engine, stream, OBJECT_STREAM, &command);
}

int engine_stream_consent(struct engine *engine, int stream, int32_t milliseconds)
{
    struct command command = {.kind = COMMAND_CONSENT, .consent_ms = milliseconds};
    return engine_command_to(engine, stream, OBJECT_STREAM, &command);
}

/* Leaves at once, by the caller's own thread: a check should not wait for a tick. A socket takes that; the queue in memory takes it
 * too, because who steps the clock is who calls. */
int engine_stream_send(struct engine *engine, int id, int component, const char *local_address, const char *remote_address,
                       uint16_t remote_port, const uint8_t *packet, size_t size)
{
    union address local = {.generic = {.sa_family = AF_UNSPEC}}, remote;
    if (component < 0 || component >= COMPONENTS || size > PACKET_BYTES || address_parse(&remote, remote_address, remote_port) != 0)
        return -EINVAL;
    if (local_address[0] != '\0' && address_parse(&local, local_address, 0) != 0)
        return -EINVAL;
    pthread_mutex_lock(&engine->control);
    struct stream *stream = (struct stream *)engine_find_kind(engine, id, OBJECT_STREAM);
    int result = -ENOENT;
    if (stream != NULL) {
        reach_expect(&stream->reach, packet, size);
        result = packet_port_send(&stream->port, (enum packet_component)component, packet, size, &local, &remote);
    }
    pthread_mutex_unlock(&engine->control);
    return result;
}

int engine_stream_digit(struct engine *engine, int stream, char digit, uint32_t milliseconds)
{
    struct command command = {.kind = COMMAND_DIGIT, .digit = {.digit = digit, .milliseconds = milliseconds}};
    return engine_command_to(engine, stream, OBJECT_STREAM, &command);
}

int engine_stream_statistics(struct engine *engine, int id, struct media_stream_statistics *statistics)
{
    pthread_mutex_lock(&engine->control);
    struct stream *stream = (struct stream *)engine_find_kind(engine, id, OBJECT_STREAM);
    if (stream != NULL)
        snapshot_read(&stream->snapshot, statistics, sizeof *statistics);
    pthread_mutex_unlock(&engine->control);
    return stream == NULL ? -ENOENT : 0;
}

static struct packet_port *find_memory_port(struct engine *engine, int id)
{
    struct stream *stream = (struct stream *)engine_find_kind(engine, id, OBJECT_STREAM);
    return stream != NULL && stream->port.in_memory ? &stream->port : NULL;
}

int engine_stream_push(struct engine *engine, int stream, const uint8_t *data, size_t size, int64_t arrival_ns)
{
    int result = -ENOENT;
    pthread_mutex_lock(&engine->control);
    struct packet_port *port = find_memory_port(engine, stream);
    struct packet *packet = port == NULL ? NULL : queue_reserve(&port->incoming);
    if (port != NULL && packet == NULL)
        result = -ENOBUFS;
    if (packet != NULL) {
        packet->arrival_ns = arrival_ns;
        packet->streamed = packet->relayed = false;
        packet->truncated = size > sizeof packet->data;
        packet->size = packet->truncated ? sizeof packet->data : size;
        memcpy(packet->data, data, packet->size);
        queue_commit(&port->incoming);
        result = 0;
    }
    pthread_mutex_unlock(&engine->control);
    return result;
}

int engine_stream_pop(struct engine *engine, int stream, uint8_t *data, size_t capacity)
{
    int result = -ENOENT;
    pthread_mutex_lock(&engine->control);
    struct packet_port *port = find_memory_port(engine, stream);
    const struct packet *packet = port == NULL ? NULL : queue_front(&port->outgoing);
    if (port != NULL)
        result = 0;
    if (packet != NULL && packet->size <= capacity) {
        memcpy(data, packet->data, packet->size);
        result = (int)packet->size;
        queue_release(&port->outgoing);
    }
    pthread_mutex_unlock(&engine->control);
    return result;
}
