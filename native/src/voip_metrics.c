#include "voip_metrics.h"

#include <math.h>

#include "emodel.h"

/* What lies between the microphone or the ear and the engine: a tick each way. */
static const double ENGINE_MS = 10;
static const double OVERLOAD_DBM0 = 3.14;       /* full scale of G.711 */
/* G.107's default loudness ratings, send and receive: what an echo is weakened by besides its own loss. */
static const double LOUDNESS_RATINGS_DB = 10;

static uint8_t share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : (uint8_t)fmin(255, 256.0 * (double)part / (double)whole);
}

static uint16_t milliseconds(double value)
{
    return (uint16_t)fmin(fmax(value, 0), UINT16_MAX);
}

/* RFC 3611, 4.7.4: signed, 127 where it is not known. */
static int8_t level(double dbov)
{
    return dbov == 0 ? RTCP_XR_UNKNOWN : (int8_t)fmax(round(dbov + OVERLOAD_DBM0), INT8_MIN);
}

static uint16_t mean_ms(uint64_t packets, uint64_t periods, double packet_ms)
{
    return periods == 0 ? 0 : milliseconds((double)packets * packet_ms / (double)periods);
}

double voip_end_system_delay(double packet_ms, double playout_delay_ms)
{
    return packet_ms + playout_delay_ms + 2 * ENGINE_MS;
}

double voip_one_way_delay(double round_trip_ms, double end_system_ms, double remote_end_system_ms)
{
    double far = remote_end_system_ms < 0 ? end_system_ms : remote_end_system_ms;
    return (fmax(round_trip_ms, 0) + end_system_ms + far) / 2;
}

double voip_talker_echo_loss(double remote_echo_return_loss_db)
{
    double known = remote_echo_return_loss_db + LOUDNESS_RATINGS_DB;
    return remote_echo_return_loss_db < 0 ? MEDIA_ECHO_LOSS_DB : fmin(MEDIA_ECHO_LOSS_DB, known);
}

static void rate(struct media_voip_metrics *out, const struct receiver_statistics *in, const struct voip_conditions *c)
{
    const struct loss_summary *pattern = &in->pattern;
    struct emodel_connection connection = {
        .codec = (enum media_codec)in->codec,
        .loss = pattern->packets == 0 ? 0 : (double)pattern->missed / (double)pattern->packets,
        .burst_ratio = loss_summary_burst_ratio(pattern->packets, pattern->missed, pattern->missed_runs),
        .echo_loss_db = MEDIA_ECHO_LOSS_DB,
    };
    out->mos_lq = (uint8_t)lround(10 * emodel_mos(emodel_rating(&connection)));
    connection.delay_ms = voip_one_way_delay(c->round_trip_ms, out->end_system_delay_ms, c->remote_end_system_ms);
    connection.echo_loss_db = voip_talker_echo_loss(c->remote_echo_return_loss_db);
    double rating = emodel_rating(&connection);
    out->rating = (uint8_t)lround(rating);
    out->mos_cq = (uint8_t)lround(10 * emodel_mos(rating));
}

void voip_metrics_from(struct rtcp_voip_metrics *out, const struct receiver_statistics *in, const struct voip_conditions *c)
{
    const struct loss_summary *pattern = &in->pattern;
    *out = (struct rtcp_voip_metrics){
        .ssrc = in->ssrc,
        .values = {
            .loss_rate = share(pattern->missed - pattern->late, pattern->packets),
            .discard_rate = share(pattern->late, pattern->packets),
            .burst_density = share(pattern->burst_missed, pattern->burst_packets),
            .gap_density = share(pattern->gap_missed, pattern->gap_packets),
            .burst_ms = mean_ms(pattern->burst_packets, pattern->bursts, in->packet_ms),
            .gap_ms = mean_ms(pattern->gap_packets, pattern->gaps, in->packet_ms),
            .round_trip_ms = milliseconds(c->round_trip_ms),
            .end_system_delay_ms = milliseconds(voip_end_system_delay(c->packet_ms, in->playout_delay_ms)),
            .signal_level = level(c->signal_dbov),
            .noise_level = level(c->noise_dbov),
            .echo_return_loss = c->echo_return_loss_db < 0 ? RTCP_XR_UNKNOWN : (uint8_t)fmin(round(c->echo_return_loss_db), 126),
            .gap_threshold = LOSS_PATTERN_GMIN,
            .external_rating = RTCP_XR_UNKNOWN,
            .receiver_configuration = RTCP_XR_CONCEALS | RTCP_XR_ADAPTS,
            .buffer_nominal_ms = milliseconds(in->playout_delay_ms),
            .buffer_maximum_ms = milliseconds(in->target_delay_ms),
            .buffer_limit_ms = RECEIVER_DELAY_MAX_MS,
        },
    };
    rate(&out->values, in, c);
}
