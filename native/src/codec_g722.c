/* G.722 in the codec table: it samples at 16 kHz like the engine, so nothing is resampled. */
#include "codec_g722.h"

#include <errno.h>

#include "g722.h"

static size_t encoder_size(void)
{
    return sizeof(struct g722_encoder);
}

static int encoder_init(void *encoder)
{
    g722_encoder_init(encoder);
    return 0;
}

static int encode(void *encoder, const int16_t *in, size_t samples, uint8_t *payload, size_t capacity)
{
    if (samples / 2 > capacity) {
        return -ENOSPC;
    }
    g722_encoder_encode(encoder, in, samples / 2, payload);
    return (int)(samples / 2);
}

static size_t decoder_size(void)
{
    return sizeof(struct g722_decoder);
}

static int decoder_init(void *decoder)
{
    g722_decoder_init(decoder);
    return 0;
}

static int duration(const uint8_t *payload, size_t size)
{
    (void)payload;
    return size > 0 && 2 * size <= CODEC_PACKET_SAMPLES_MAX ? (int)(2 * size) : -EBADMSG;
}

static int decode(void *decoder, const uint8_t *payload, size_t size, int16_t *out, size_t capacity)
{
    if (2 * size > capacity) {
        return -ENOSPC;
    }
    g722_decoder_decode(decoder, payload, size, out);
    return (int)(2 * size);
}

static void follow(void *decoder, const int16_t *played, size_t samples)
{
    g722_decoder_follow(decoder, played, samples / 2);
}

const struct codec codec_g722 = {
    .name = "G722", .id = CODEC_G722, .clock_rate = 8000,
    .encoder_size = encoder_size, .encoder_init = encoder_init, .encode = encode,
    .decoder_size = decoder_size, .decoder_init = decoder_init, .duration = duration, .decode = decode,
    .follow = follow,
};
