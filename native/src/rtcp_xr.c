#include "rtcp_xr.h"

#include <stdbool.h>
#include <string.h>

#include "wire.h"

enum {
    BLOCK_HEAD = 4,                     /* type, specific to the type, length                    */
    VOIP_METRICS = 7,
    VOIP_METRICS_WORDS = 8,             /* after the head                                        */
};

static void read_voip_metrics(struct rtcp_voip_metrics *block, const uint8_t *p)
{
    *block = (struct rtcp_voip_metrics){
        .ssrc = wire_get32(p),
        .values = {
            .loss_rate = p[4],
            .discard_rate = p[5],
            .burst_density = p[6],
            .gap_density = p[7],
            .burst_ms = wire_get16(p + 8),
            .gap_ms = wire_get16(p + 10),
            .round_trip_ms = wire_get16(p + 12),
            .end_system_delay_ms = wire_get16(p + 14),
            .signal_level = (int8_t)p[16],
            .noise_level = (int8_t)p[17],
            .echo_return_loss = p[18],
            .gap_threshold = p[19],
            .rating = p[20],
            .external_rating = p[21],
            .mos_lq = p[22],
            .mos_cq = p[23],
            .receiver_configuration = p[24],
            .buffer_nominal_ms = wire_get16(p + 26),
            .buffer_maximum_ms = wire_get16(p + 28),
            .buffer_limit_ms = wire_get16(p + 30),
        },
    };
}

/* Where the block at `offset` ends. */
static size_t block_end(const uint8_t *body, size_t offset)
{
    return offset + BLOCK_HEAD + 4 * (size_t)wire_get16(body + offset + 2);
}

/* Whether the blocks fill the packet to its last octet. */
static bool blocks_fit(const uint8_t *body, size_t size)
{
    size_t offset = 4;
    while (offset + BLOCK_HEAD <= size)
        offset = block_end(body, offset);
    return offset == size;
}

unsigned rtcp_xr_read(struct rtcp_voip_metrics *blocks, unsigned capacity, const uint8_t *body, size_t size)
{
    unsigned count = 0;
    if (!blocks_fit(body, size))
        return 0;
    for (size_t offset = 4; offset < size && count < capacity; offset = block_end(body, offset)) {
        const uint8_t *block = body + offset;
        if (block[0] == VOIP_METRICS && wire_get16(block + 2) == VOIP_METRICS_WORDS)
            read_voip_metrics(&blocks[count++], block + BLOCK_HEAD);
    }
    return count;
}

void rtcp_xr_write(uint8_t *body, uint32_t ssrc, const struct rtcp_voip_metrics *block)
{
    const struct media_voip_metrics *values = &block->values;
    memset(body, 0, RTCP_XR_BODY_SIZE);
    wire_put32(body, ssrc);
    body[4] = VOIP_METRICS;
    wire_put16(body + 6, VOIP_METRICS_WORDS);
    wire_put32(body + 8, block->ssrc);
    uint8_t *p = body + 12;
    const uint8_t rates[] = {values->loss_rate, values->discard_rate, values->burst_density, values->gap_density};
    memcpy(p, rates, sizeof rates);
    wire_put16(p + 4, values->burst_ms);
    wire_put16(p + 6, values->gap_ms);
    wire_put16(p + 8, values->round_trip_ms);
    wire_put16(p + 10, values->end_system_delay_ms);
    const uint8_t scores[] = {
        (uint8_t)values->signal_level, (uint8_t)values->noise_level, values->echo_return_loss, values->gap_threshold,
        values->rating, values->external_rating, values->mos_lq, values->mos_cq, values->receiver_configuration,
    };
    memcpy(p + 12, scores, sizeof scores);
    wire_put16(p + 22, values->buffer_nominal_ms);
    wire_put16(p + 24, values->buffer_maximum_ms);
    wire_put16(p + 26, values->buffer_limit_ms);
}
