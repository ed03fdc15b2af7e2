#include "loss_pattern.h"

/* The burst, or the missed packet alone, that ended LOSS_PATTERN_GMIN played packets ago. */
static void close_cluster(struct loss_pattern *p)
{
    if (p->cluster_missed > 1) {
        p->burst_packets += p->cluster_packets;
        p->burst_missed += p->cluster_missed;
        p->bursts++;
    } else {
        p->gap_packets += p->cluster_packets;
        p->gap_missed += p->cluster_missed;
    }
    p->cluster_packets = p->cluster_missed = 0;
}

/* `count` packets in a row are missed. */
static void miss(struct loss_pattern *p, uint64_t count)
{
    if (p->cluster_missed == 0 || p->run >= LOSS_PATTERN_GMIN) {
        close_cluster(p);
        p->gap_packets += p->run;
    } else {
        p->cluster_packets += p->run;
    }
    p->cluster_packets += count;
    p->cluster_missed += count;
    p->missed_runs++;
    p->run = 0;
}

void loss_pattern_played(struct loss_pattern *p, int64_t sequence)
{
    if (!p->started) {
        p->started = true;
        p->next = sequence;
    }
    if (sequence < p->next) {
        return;
    }
    if (sequence > p->next) {
        miss(p, (uint64_t)(sequence - p->next));
    }
    p->run++;
    p->next = sequence + 1;
}

void loss_pattern_late(struct loss_pattern *p)
{
    p->late++;
}

void loss_pattern_summary(const struct loss_pattern *p, struct loss_summary *out)
{
    struct loss_pattern closed = *p;
    close_cluster(&closed);
    closed.gap_packets += closed.run;
    uint64_t missed = closed.burst_missed + closed.gap_missed;
    *out = (struct loss_summary){
        .packets = closed.burst_packets + closed.gap_packets,
        .missed = missed,
        .late = closed.late < missed ? closed.late : missed,
        .missed_runs = closed.missed_runs,
        .burst_packets = closed.burst_packets,
        .burst_missed = closed.burst_missed,
        .bursts = closed.bursts,
        .gap_packets = closed.gap_packets,
        .gap_missed = closed.gap_missed,
        .gaps = closed.bursts + 1,      /* one before each burst, one after the last */
    };
}

double loss_summary_burst_ratio(uint64_t packets, uint64_t missed, uint64_t missed_runs)
{
    if (packets == 0 || missed_runs == 0) {
        return 1.0;
    }
    double share = (double)missed / (double)packets;
    double ratio = (double)missed / (double)missed_runs * (1.0 - share);
    return ratio > 1.0 ? ratio : 1.0;
}
