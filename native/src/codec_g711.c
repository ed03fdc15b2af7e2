/* G.711 in the codec table: companding at 8 kHz between half-band filters. */
#include "codec_g711.h"

#include <errno.h>
#include <string.h>

#include "g711.h"
#include "resample.h"

typedef void compress(const int16_t *in, size_t samples, uint8_t *out);
typedef void expand(const uint8_t *in, size_t samples, int16_t *out);

static size_t encoder_size(void)
{
    return sizeof(struct downsampler);
}

static int encoder_init(void *encoder)
{
    memset(encoder, 0, sizeof(struct downsampler));
    return 0;
}

static int encode(void *encoder, const int16_t *in, size_t samples, uint8_t *payload, size_t capacity, compress *law)
{
    int16_t narrow[RESAMPLE_BLOCK];
    if (samples / 2 > capacity) {
        return -ENOSPC;
    }
    for (size_t done = 0; done < samples / 2; done += RESAMPLE_BLOCK) {
        downsample(encoder, in + 2 * done, RESAMPLE_BLOCK, narrow);
        law(narrow, RESAMPLE_BLOCK, payload + done);
    }
    return (int)(samples / 2);
}

static size_t decoder_size(void)
{
    return sizeof(struct upsampler);
}

static int decoder_init(void *decoder)
{
    memset(decoder, 0, sizeof(struct upsampler));
    return 0;
}

static int duration(const uint8_t *payload, size_t size)
{
    (void)payload;
    return size > 0 && 2 * size <= CODEC_PACKET_SAMPLES_MAX ? (int)(2 * size) : -EBADMSG;
}

static int decode(void *decoder, const uint8_t *payload, size_t size, int16_t *out, size_t capacity, expand *law)
{
    int16_t narrow[RESAMPLE_BLOCK];
    if (2 * size > capacity) {
        return -ENOSPC;
    }
    for (size_t done = 0; done < size; done += RESAMPLE_BLOCK) {
        size_t block = size - done < RESAMPLE_BLOCK ? size - done : RESAMPLE_BLOCK;
        law(payload + done, block, narrow);
        upsample(decoder, narrow, block, out + 2 * done);
    }
    return (int)(2 * size);
}

/* Every second output of the half-band filter is an input, 24 samples late: so the filter's past can be read off the output. */
static void follow(void *decoder, const int16_t *played, size_t samples)
{
    struct upsampler *state = decoder;
    const int16_t *oldest = played + samples - (RESAMPLE_HISTORY - 1);
    for (size_t i = 0; i < RESAMPLE_HISTORY; i++) {
        state->history[i] = oldest[2 * i];
    }
}

static int ulaw_encode(void *encoder, const int16_t *in, size_t samples, uint8_t *payload, size_t capacity)
{
    return encode(encoder, in, samples, payload, capacity, g711_ulaw_encode);
}

static int ulaw_decode(void *decoder, const uint8_t *payload, size_t size, int16_t *out, size_t capacity)
{
    return decode(decoder, payload, size, out, capacity, g711_ulaw_decode);
}

static int alaw_encode(void *encoder, const int16_t *in, size_t samples, uint8_t *payload, size_t capacity)
{
    return encode(encoder, in, samples, payload, capacity, g711_alaw_encode);
}

static int alaw_decode(void *decoder, const uint8_t *payload, size_t size, int16_t *out, size_t capacity)
{
    return decode(decoder, payload, size, out, capacity, g711_alaw_decode);
}

const struct codec codec_pcmu = {
    .name = "PCMU", .id = CODEC_PCMU, .clock_rate = 8000,
    .encoder_size = encoder_size, .encoder_init = encoder_init, .encode = ulaw_encode,
    .decoder_size = decoder_size, .decoder_init = decoder_init, .duration = duration, .decode = ulaw_decode,
    .follow = follow,
};

const struct codec codec_pcma = {
    .name = "PCMA", .id = CODEC_PCMA, .clock_rate = 8000,
    .encoder_size = encoder_size, .encoder_init = encoder_init, .encode = alaw_encode,
    .decoder_size = decoder_size, .decoder_init = decoder_init, .duration = duration, .decode = alaw_decode,
    .follow = follow,
};
