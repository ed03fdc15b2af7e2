#include "codec.h"

#include "codec_g711.h"
#include "codec_g722.h"
#include "opus_codec.h"

static const struct codec *const CODECS[CODEC_COUNT] = {
    [CODEC_PCMU] = &codec_pcmu,
    [CODEC_PCMA] = &codec_pcma,
    [CODEC_G722] = &codec_g722,
    [CODEC_OPUS_NB] = &codec_opus_nb,
    [CODEC_OPUS_WB] = &codec_opus_wb,
};

const struct codec *codec_get(enum codec_id id)
{
    return (unsigned)id < CODEC_COUNT ? CODECS[id] : NULL;
}

size_t codec_encoder_size_max(void)
{
    size_t largest = 0;
    for (unsigned i = 0; i < CODEC_COUNT; i++) {
        size_t size = CODECS[i]->encoder_size();
        largest = size > largest ? size : largest;
    }
    return largest;
}

size_t codec_decoder_size_max(void)
{
    size_t largest = 0;
    for (unsigned i = 0; i < CODEC_COUNT; i++) {
        size_t size = CODECS[i]->decoder_size();
        largest = size > largest ? size : largest;
    }
    return largest;
}
