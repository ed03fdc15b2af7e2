/* opus_codec.h: Opus by libopus, run at 16 kHz mono and kept to narrowband or wideband (RFC 6716, RFC 7587). */
#ifndef IP270_OPUS_CODEC_H
#define IP270_OPUS_CODEC_H

#include "codec.h"

extern const struct codec codec_opus_nb;
extern const struct codec codec_opus_wb;

#endif
