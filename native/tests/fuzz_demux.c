/* Any bytes get one of the kinds, and STUN only with its cookie. */
#include <stdlib.h>

#include "demux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum demux_kind kind = demux_classify(data, size);
    if (kind > DEMUX_RTCP || (kind == DEMUX_STUN && (size < 20 || data[4] != 0x21))) {
        abort();
    }
    return 0;
}
