#include "rtcp_session.h"

#include <stdio.h>
#include <string.h>

enum {
    NS_PER_MS = 1000 * 1000,
    NS_PER_S = 1000 * 1000 * 1000,
    SILENT_REPORTS_MAX = 2,             /* RFC 3550 6.3.8: a sender is one that sent within two intervals */
};

/* RFC 3550 6.2: with two members the bandwidth share never asks for more than the minimum of five seconds. */
static const double INTERVAL_S = 5.0;
/* RFC 3550 6.3.1: e - 3/2 makes up for timer reconsideration. */
static const double COMPENSATION = 1.21828;
static const uint64_t NTP_UNIX_EPOCH = 2208988800U;

/* xorshift64: the interval needs to be spread, not secret. */
static double draw(struct rtcp_session *session)
{
    session->random ^= session->random << 13;
    session->random ^= session->random >> 7;
    session->random ^= session->random << 17;
    return (double)(session->random >> 11) / 9007199254740992.0;
}

static int64_t interval_ns(struct rtcp_session *session, double minimum_s)
{
    return (int64_t)(minimum_s * (0.5 + draw(session)) / COMPENSATION * NS_PER_S);
}

/* 32.32 seconds since 1900. */
static uint64_t ntp_of(const struct rtcp_session *session, int64_t engine_ns)
{
    uint64_t wall = (uint64_t)(engine_ns + session->wall_offset_ns);
    uint64_t seconds = wall / NS_PER_S, rest = wall % NS_PER_S;
    return (seconds + NTP_UNIX_EPOCH) << 32 | (rest << 32) / NS_PER_S;
}

static uint32_t middle_of(uint64_t ntp)
{
    return (uint32_t)(ntp >> 16);
}

void rtcp_session_init(struct rtcp_session *session, uint32_t ssrc, uint64_t seed)
{
    memset(session, 0, sizeof *session);
    session->ssrc = ssrc;
    session->random = seed | 1;
    session->round_trip_ms = -1;
    session->remote_fraction_lost = -1;
    session->remote_jitter_ms = -1;
    session->silent_reports = SILENT_REPORTS_MAX;
}

void rtcp_session_start(struct rtcp_session *session, const char *cname, int64_t now_ns, int64_t wall_ns)
{
    snprintf(session->cname, sizeof session->cname, "%s", cname);
    if (session->next_ns != 0)
        return;
    session->wall_offset_ns = wall_ns - now_ns;
    session->next_ns = now_ns + interval_ns(session, INTERVAL_S / 2);
}

bool rtcp_session_due(const struct rtcp_session *session, int64_t now_ns)
{
    return session->next_ns != 0 && now_ns >= session->next_ns;
}

static void add_sender_info(struct rtcp_session *session, struct rtcp_compound *compound, const struct sender *sender,
                            int64_t now_ns)
{
    struct sender_statistics sent;
    sender_statistics(sender, &sent);
    session->silent_reports = sent.packets != session->packets_reported ? 0 : session->silent_reports + 1;
    session->packets_reported = sent.packets;
    compound->has_sender_info = session->silent_reports < SILENT_REPORTS_MAX;
    compound->sender = (struct rtcp_sender_info){
        .ntp = ntp_of(session, now_ns),
        .rtp_timestamp = sent.timestamp,
        .packets = sent.packets,
        .octets = sent.octets,
    };
}

static void add_report_block(const struct rtcp_session *session, struct rtcp_compound *compound, struct receiver *receiver,
                             int64_t now_ns)
{
    struct rtcp_report_block *block = &compound->blocks[0];
    if (!receiver_report(receiver, block))
        return;
    compound->block_count = 1;
    block->last_sr = session->last_sr;
    block->delay_since_last_sr = 0;
    if (session->last_sr != 0)
        block->delay_since_last_sr = (uint32_t)((now_ns - session->last_sr_arrival_ns) / 1000 * 65536 / 1000000);
}

static void add_metrics(const struct rtcp_session *session, struct rtcp_compound *compound, const struct receiver *receiver,
                        const struct voip_conditions *conditions)
{
    struct receiver_statistics statistics;
    if (!session->extended)
        return;
    receiver_statistics(receiver, &statistics);
    if (!statistics.active)
        return;
    voip_metrics_from(&compound->metrics[0], &statistics, conditions);
    compound->metrics_count = 1;
}

void rtcp_session_conditions(const struct rtcp_session *session, struct voip_conditions *conditions)
{
    const struct media_voip_metrics *remote = &session->remote_metrics;
    bool known = session->remote_metrics_count != 0;
    bool echo_known = known && voip_metrics_known(remote->echo_return_loss);
    conditions->round_trip_ms = session->round_trip_ms;
    conditions->remote_end_system_ms = known ? remote->end_system_delay_ms : -1;
    conditions->remote_echo_return_loss_db = echo_known ? remote->echo_return_loss : -1;
}

size_t rtcp_session_report(struct rtcp_session *session, struct receiver *receiver, const struct sender *sender,
                           const struct voip_conditions *conditions, int64_t now_ns, bool bye, uint8_t *packet, size_t capacity)
{
    struct rtcp_compound compound = {.ssrc = session->ssrc};
    add_sender_info(session, &compound, sender, now_ns);
    add_report_block(session, &compound, receiver, now_ns);
    add_metrics(session, &compound, receiver, conditions);
    snprintf(compound.cname, sizeof compound.cname, "%s", session->cname);
    if (bye) {
        compound.bye_count = 1;
        compound.byes[0] = session->ssrc;
    }
    session->next_ns = now_ns + interval_ns(session, INTERVAL_S);
    size_t size = rtcp_build(packet, capacity, &compound);
    session->sent += size != 0;
    return size;
}

/* RFC 3550 6.4.1: round trip = arrival - LSR - DLSR, in 1/65536 s. */
static void take_report_block(struct rtcp_session *session, const struct rtcp_report_block *block, int64_t arrival_ns,
                              unsigned clock_rate)
{
    session->reports++;
    session->remote_fraction_lost = block->fraction_lost / 256.0;
    session->remote_jitter_ms = block->jitter * 1000.0 / clock_rate;
    if (block->last_sr == 0)
        return;
    int32_t trip = (int32_t)(middle_of(ntp_of(session, arrival_ns)) - block->last_sr - block->delay_since_last_sr);
    if (trip >= 0 && trip < 60 * 65536)
        session->round_trip_ms = trip * 1000.0 / 65536;
}

bool rtcp_session_receive(struct rtcp_session *session, const uint8_t *packet, size_t size, int64_t arrival_ns,
                          unsigned clock_rate, uint32_t remote_ssrc, bool *bye)
{
    struct rtcp_compound compound;
    *bye = false;
    if (rtcp_parse(&compound, packet, size) != 0)
        return false;
    session->received++;
    if (compound.has_sender_info) {
        session->last_sr = middle_of(compound.sender.ntp);
        session->last_sr_arrival_ns = arrival_ns;
    }
    for (unsigned i = 0; i < compound.block_count; i++) {
        if (compound.blocks[i].ssrc == session->ssrc)
            take_report_block(session, &compound.blocks[i], arrival_ns, clock_rate);
    }
    for (unsigned i = 0; i < compound.metrics_count; i++) {
        if (compound.metrics[i].ssrc == session->ssrc) {
            session->remote_metrics = compound.metrics[i].values;
            session->remote_metrics_count++;
        }
    }
    for (unsigned i = 0; i < compound.bye_count; i++)
        *bye = *bye || compound.byes[i] == remote_ssrc;
    return true;
}
