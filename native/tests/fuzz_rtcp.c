/* Any bytes: counts stay in their limits, texts end, and what was understood can be built and understood again. */
#include <stdlib.h>
#include <string.h>

#include "rtcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct rtcp_compound compound, again;
    uint8_t buffer[RTCP_PACKET_MAX], copy[RTCP_PACKET_MAX];
    if (rtcp_parse(&compound, data, size) != 0) {
        return 0;
    }
    if (compound.block_count > RTCP_BLOCKS_MAX || compound.bye_count > RTCP_BYES_MAX || compound.metrics_count > RTCP_METRICS_MAX ||
        memchr(compound.cname, 0, sizeof compound.cname) == NULL || memchr(compound.reason, 0, sizeof compound.reason) == NULL) {
        abort();
    }
    size_t built = rtcp_build(buffer, sizeof buffer, &compound);
    if (built == 0 || rtcp_parse(&again, buffer, built) != 0 || again.block_count != compound.block_count ||
        again.ssrc != compound.ssrc || again.metrics_count != compound.metrics_count ||
        rtcp_build(copy, sizeof copy, &again) != built || memcmp(copy, buffer, built) != 0) {
        abort();
    }
    return 0;
}
