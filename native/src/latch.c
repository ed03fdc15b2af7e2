#include "latch.h"

enum {
    RUN = 5,                            /* packets in a row                                                      */
    HOLD_NS = 200 * 1000 * 1000,        /* the named address's head start: about what a round trip takes         */
};

void latch_name(struct latch *latch, const union address *named, int64_t now_ns)
{
    if (latch->named_ns != 0 && !latch->chosen && address_equal(&latch->named, named))
        return;
    *latch = (struct latch){.named = *named, .named_ns = now_ns};
}

void latch_choose(struct latch *latch, const union address *chosen, int64_t now_ns)
{
    if (latch->chosen && address_equal(&latch->named, chosen))
        return;
    *latch = (struct latch){.named = *chosen, .named_ns = now_ns, .chosen = true};
}

static void count(struct latch *latch, const union address *source, const struct rtp_packet *packet)
{
    bool goes_on = latch->run != 0 && packet->ssrc == latch->candidate_ssrc && packet->sequence == latch->candidate_next &&
                   address_equal(&latch->candidate, source);
    latch->run = goes_on ? latch->run + 1 : 1;
    latch->candidate = *source;
    latch->candidate_ssrc = packet->ssrc;
    latch->candidate_next = (uint16_t)(packet->sequence + 1);
}

bool latch_accept(struct latch *latch, const union address *source, const struct rtp_packet *packet, int64_t arrival_ns,
                  bool *changed)
{
    *changed = false;
    if (latch->closed && address_equal(&latch->source, source))
        return true;
    if (!address_equal(&latch->named, source)) {
        if (latch->closed || latch->chosen)
            return false;
        count(latch, source, packet);
        if (latch->run < RUN || arrival_ns - latch->named_ns < HOLD_NS)
            return false;
    }
    latch->source = *source;
    latch->closed = *changed = true;
    return true;
}

bool latch_possible(const struct latch *latch, const union address *source)
{
    return (!latch->closed && !latch->chosen) || address_equal(&latch->source, source) || address_equal(&latch->named, source);
}

const union address *latch_address(const struct latch *latch)
{
    return latch->closed ? &latch->source : &latch->named;
}
