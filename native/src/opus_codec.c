/* libopus gets its state in our memory (opus_*_init, not opus_*_create) and so never allocates; its work buffers are on the stack.
 *
 * Measured with PESQ over recorded speech: complexity 5 takes half of the time of 9 and loses 0.2 at most. In-band FEC, which is used
 * when the packet after a lost one is at hand, is made once the far end reports losses, and then for at least 10 %: libopus makes it
 * good enough only from there on. It takes its bits from the speech itself, so that the rate is raised while it is made: wideband at
 * 10 % loss has 3.1 at 32 kbit/s and 3.35 at 40, which is still less than G.711's 64. A far end that allows less (RFC 7587, 6.1) gets no more
 * than that, redundancy included.
 */
#include "opus_codec.h"

#include <errno.h>
#include <stddef.h>
#include <opus/opus.h>

enum {
    COMPLEXITY = 5,
    LEAST_LOSS_PERCENT = 10,            /* that in-band FEC is made for, once it is made                         */
    NARROWBAND_RATE = 16000,
    NARROWBAND_FEC_RATE = 24000,
    WIDEBAND_RATE = 32000,
    WIDEBAND_FEC_RATE = 40000,
    SILENT_BYTES = 2,                   /* a frame of so little need not be sent                                 */
    FRAMES_MAX = 6,                     /* of 10 ms in one packet                                                */
    FRAME_BYTES_MAX = 200,
};

static size_t encoder_size(void)
{
    return (size_t)opus_encoder_get_size(1);
}

static int encoder_start(OpusEncoder *encoder, int bandwidth, int rate)
{
    if (opus_encoder_init(encoder, CODEC_SAMPLE_RATE, 1, OPUS_APPLICATION_VOIP) != OPUS_OK) {
        return -EINVAL;
    }
    int failed = 0;
    failed |= opus_encoder_ctl(encoder, OPUS_SET_MAX_BANDWIDTH(bandwidth));
    failed |= opus_encoder_ctl(encoder, OPUS_SET_BITRATE(rate));
    failed |= opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(COMPLEXITY));
    failed |= opus_encoder_ctl(encoder, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
    return failed ? -EINVAL : 0;
}

static int narrowband_init(void *encoder)
{
    return encoder_start(encoder, OPUS_BANDWIDTH_NARROWBAND, NARROWBAND_RATE);
}

static int wideband_init(void *encoder)
{
    return encoder_start(encoder, OPUS_BANDWIDTH_WIDEBAND, WIDEBAND_RATE);
}

static void suit(OpusEncoder *encoder, unsigned loss_percent, unsigned rate, unsigned rate_max)
{
    unsigned ready_for = loss_percent > LEAST_LOSS_PERCENT ? loss_percent : LEAST_LOSS_PERCENT;
    unsigned allowed = rate_max != 0 && rate_max < rate ? rate_max : rate;
    opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(loss_percent > 0));
    opus_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC((opus_int32)(loss_percent > 0 ? ready_for : 0)));
    opus_encoder_ctl(encoder, OPUS_SET_BITRATE((opus_int32)allowed));
}

static void narrowband_suit(void *encoder, unsigned loss_percent, unsigned rate_max)
{
    suit(encoder, loss_percent, loss_percent > 0 ? NARROWBAND_FEC_RATE : NARROWBAND_RATE, rate_max);
}

static void wideband_suit(void *encoder, unsigned loss_percent, unsigned rate_max)
{
    suit(encoder, loss_percent, loss_percent > 0 ? WIDEBAND_FEC_RATE : WIDEBAND_RATE, rate_max);
}

static void set_discontinuous(void *encoder, bool on)
{
    opus_encoder_ctl(encoder, OPUS_SET_DTX(on));
}

/* There is no frame of 30 or 50 ms (RFC 6716, 2.1.4): such a packet holds frames of 10 ms (3.2.5). */
static int encode_frames(OpusEncoder *encoder, const int16_t *in, size_t samples, uint8_t *payload, size_t capacity)
{
    uint8_t frames[FRAMES_MAX][FRAME_BYTES_MAX];
    max_align_t memory[128];
    OpusRepacketizer *packet = (OpusRepacketizer *)memory;
    bool silent = true;
    if ((size_t)opus_repacketizer_get_size() > sizeof memory) {
        return -EINVAL;
    }
    opus_repacketizer_init(packet);
    for (size_t i = 0; i * CODEC_FRAME_SAMPLES < samples; i++) {
        int size = opus_encode(encoder, in + i * CODEC_FRAME_SAMPLES, CODEC_FRAME_SAMPLES, frames[i], FRAME_BYTES_MAX);
        if (size <= 0 || opus_repacketizer_cat(packet, frames[i], size) != OPUS_OK) {
            return -EINVAL;
        }
        silent = silent && size <= SILENT_BYTES;
    }
    int size = silent ? 0 : opus_repacketizer_out(packet, payload, (opus_int32)capacity);
    return size < 0 ? -ENOSPC : size;
}

static bool is_frame(size_t samples)
{
    size_t frames = samples / CODEC_FRAME_SAMPLES;
    return frames == 1 || frames == 2 || frames == 4 || frames == 6;
}

static int encode(void *encoder, const int16_t *in, size_t samples, uint8_t *payload, size_t capacity)
{
    if (!is_frame(samples)) {
        return encode_frames(encoder, in, samples, payload, capacity);
    }
    int size = opus_encode(encoder, in, (int)samples, payload, (opus_int32)capacity);
    return size < 0 ? -EINVAL : size <= SILENT_BYTES ? 0 : size;
}

static size_t decoder_size(void)
{
    return (size_t)opus_decoder_get_size(1);
}

static int decoder_init(void *decoder)
{
    if (opus_decoder_init(decoder, CODEC_SAMPLE_RATE, 1) != OPUS_OK) {
        return -EINVAL;
    }
    /* From libopus 1.5 on, and where it was built with it, this asks for deep PLC; an older one refuses, and nothing is lost. */
    opus_decoder_ctl(decoder, OPUS_SET_COMPLEXITY(COMPLEXITY));
    return 0;
}

static int duration(const uint8_t *payload, size_t size)
{
    int samples = opus_packet_get_nb_samples(payload, (opus_int32)size, CODEC_SAMPLE_RATE);
    return samples > 0 && samples <= CODEC_PACKET_SAMPLES_MAX ? samples : -EBADMSG;
}

static int decode(void *decoder, const uint8_t *payload, size_t size, int16_t *out, size_t capacity)
{
    int samples = opus_decode(decoder, payload, (opus_int32)size, out, (int)capacity, 0);
    return samples < 0 ? -EBADMSG : samples;
}

static int recover(void *decoder, const uint8_t *payload, size_t size, int16_t *out, size_t samples)
{
    int got = opus_decode(decoder, payload, (opus_int32)size, out, (int)samples, 1);
    return got < 0 ? 0 : got;
}

static int conceal(void *decoder, int16_t *out, size_t samples)
{
    int got = opus_decode(decoder, NULL, 0, out, (int)samples, 0);
    return got < 0 ? -EBADMSG : got;
}

const struct codec codec_opus_nb = {
    .name = "opus", .id = CODEC_OPUS_NB, .clock_rate = 48000,
    .encoder_size = encoder_size, .encoder_init = narrowband_init, .encode = encode,
    .suit = narrowband_suit, .set_discontinuous = set_discontinuous,
    .decoder_size = decoder_size, .decoder_init = decoder_init, .duration = duration, .decode = decode,
    .recover = recover, .conceal = conceal,
};

const struct codec codec_opus_wb = {
    .name = "opus", .id = CODEC_OPUS_WB, .clock_rate = 48000,
    .encoder_size = encoder_size, .encoder_init = wideband_init, .encode = encode,
    .suit = wideband_suit, .set_discontinuous = set_discontinuous,
    .decoder_size = decoder_size, .decoder_init = decoder_init, .duration = duration, .decode = decode,
    .recover = recover, .conceal = conceal,
};
