/* What the libopus at hand can do about losses beyond RFC 6716, found by trying: which of it a build has, neither header nor version
 * tells. */
#include <errno.h>
#include <math.h>
#include <opus/opus.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "ip270_media.h"
#include "opus_codec.h"

enum {
    FRAME = 2 * CODEC_FRAME_SAMPLES,
    FRAMES_BEFORE = 12,                 /* a quarter of a second of voice to go on from */
    PAYLOAD_MAX = 400,
    PITCH = 100,                        /* samples: 160 Hz */
    DRED_DURATION_REQUEST = 4050,       /* OPUS_SET_DRED_DURATION, which headers have from libopus 1.5 on */
    DRED_DURATION = 10,                 /* of 10 ms */
};

/* Pulses that ring: enough of a voice for a predictor of voices to have something to say. */
static void speak(int16_t out[FRAME], unsigned frame)
{
    for (unsigned i = 0; i < FRAME; i++) {
        double since = (double)((frame * FRAME + i) % PITCH);
        out[i] = (int16_t)(8000 * exp(-since / 25) * sin(since * 0.2));
    }
}

static bool make(void **state, size_t size, int (*init)(void *))
{
    *state = calloc(1, size);
    return *state != NULL && init(*state) == 0;
}

/* Decodes the same by both, up to a packet that both miss. Whether they conceal it in different ways, having been alike until then. */
static bool differ(OpusEncoder *encoder, OpusDecoder *plain, OpusDecoder *deep)
{
    int16_t said[FRAME], one[FRAME], other[FRAME];
    uint8_t payload[PAYLOAD_MAX];
    for (unsigned i = 0; i < FRAMES_BEFORE; i++) {
        speak(said, i);
        int size = opus_encode(encoder, said, FRAME, payload, sizeof payload);
        if (opus_decode(plain, payload, size, one, FRAME, 0) != FRAME || opus_decode(deep, payload, size, other, FRAME, 0) != FRAME)
            return false;
    }
    bool alike = memcmp(one, other, sizeof one) == 0;
    if (opus_decode(plain, NULL, 0, one, FRAME, 0) != FRAME || opus_decode(deep, NULL, 0, other, FRAME, 0) != FRAME)
        return false;
    return alike && memcmp(one, other, sizeof one) != 0;
}

int media_opus_probe(struct media_opus *probe)
{
    const struct codec *codec = &codec_opus_wb;
    void *encoder = NULL, *plain = NULL, *deep = NULL;
    *probe = (struct media_opus){.deep_plc = false};
    snprintf(probe->version, sizeof probe->version, "%s", opus_get_version_string());
    bool made = make(&encoder, codec->encoder_size(), codec->encoder_init) && make(&plain, codec->decoder_size(), codec->decoder_init) &&
                make(&deep, codec->decoder_size(), codec->decoder_init);
    if (made) {
        /* `deep` is as calls have it; a libopus before 1.5 refuses, and then both are. */
        bool chosen = opus_decoder_ctl((OpusDecoder *)plain, OPUS_SET_COMPLEXITY(0)) == OPUS_OK;
        probe->deep_plc = chosen && differ(encoder, plain, deep);
        probe->dred = opus_encoder_ctl((OpusEncoder *)encoder, DRED_DURATION_REQUEST, (opus_int32)DRED_DURATION) == OPUS_OK;
    }
    free(encoder);
    free(plain);
    free(deep);
    return made ? 0 : -ENOMEM;
}
