#include "source.h"

#include "rtp.h"

enum { DROPOUT_MAX = 3000, MISORDER_MAX = 100 };    /* RFC 3550 A.1 */

static enum source_verdict start(struct source *s, uint32_t ssrc, uint16_t sequence, int64_t *extended)
{
    *s = (struct source){.known = true, .ssrc = ssrc, .first = sequence, .highest = sequence, .received = 1};
    *extended = sequence;
    return SOURCE_STARTED;
}

/* Two packets in a row make a source: one alone may be forged or left over from a call before. */
static enum source_verdict doubt(struct source *s, uint32_t ssrc, uint16_t sequence, int64_t *extended)
{
    if (s->doubted && s->doubted_ssrc == ssrc && s->doubted_next == sequence) {
        return start(s, ssrc, sequence, extended);
    }
    s->doubted = true;
    s->doubted_ssrc = ssrc;
    s->doubted_next = (uint16_t)(sequence + 1);
    return SOURCE_DOUBTED;
}

enum source_verdict source_check(struct source *s, uint32_t ssrc, uint16_t sequence, int64_t *extended)
{
    if (!s->known) {
        return start(s, ssrc, sequence, extended);
    }
    int distance = rtp_sequence_distance((uint16_t)s->highest, sequence);
    if (ssrc != s->ssrc || distance >= DROPOUT_MAX || distance <= -MISORDER_MAX) {
        return doubt(s, ssrc, sequence, extended);
    }
    s->doubted = false;
    *extended = s->highest + distance;
    if (distance > 0) {
        s->highest = *extended;
    }
    s->received++;
    return SOURCE_ACCEPTED;
}

void source_arrival(struct source *s, uint32_t timestamp, uint32_t arrival)
{
    uint32_t transit = arrival - timestamp;
    if (s->has_transit) {
        double difference = (double)(int32_t)(transit - s->transit);
        s->jitter += ((difference < 0 ? -difference : difference) - s->jitter) / 16.0;
    }
    s->has_transit = true;
    s->transit = transit;
}

void source_forget_arrival(struct source *s)
{
    s->has_transit = false;
}

static int64_t expected(const struct source *s)
{
    return s->known ? s->highest - s->first + 1 : 0;
}

int64_t source_lost(const struct source *s)
{
    return expected(s) - s->received;
}

void source_report(struct source *s, struct rtcp_report_block *block)
{
    int64_t interval_expected = expected(s) - s->expected_before;
    int64_t interval_lost = interval_expected - (s->received - s->received_before);
    s->expected_before = expected(s);
    s->received_before = s->received;
    int64_t lost = source_lost(s);
    *block = (struct rtcp_report_block){
        .ssrc = s->ssrc,
        .cumulative_lost = lost > INT32_MAX ? INT32_MAX : lost < INT32_MIN ? INT32_MIN : (int32_t)lost,
        .highest_sequence = (uint32_t)s->highest,
        .jitter = (uint32_t)s->jitter,
    };
    if (interval_expected > 0 && interval_lost > 0) {
        block->fraction_lost = (uint8_t)(interval_lost >= interval_expected ? 255 : interval_lost * 256 / interval_expected);
    }
}
