/* codec.h: one table of voice codecs behind one set of operations.
 *
 * Every codec takes and gives 16 kHz mono int16, whatever its own sampling rate: G.711 and the narrowband half of the
 * world are resampled inside. All state lives in memory that the caller provides; after *_init nothing allocates.
 */
#ifndef IP270_CODEC_H
#define IP270_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CODEC_SAMPLE_RATE = 16000,                          /**< What the engine mixes in                            */
    CODEC_FRAME_SAMPLES = 160,                          /**< 10 ms at 16 kHz                                     */
    CODEC_PACKET_MS_MAX = 120,                          /**< Longest packet accepted (RFC 6716: 120 ms)          */
    CODEC_PACKET_SAMPLES_MAX = CODEC_PACKET_MS_MAX * 16,
    CODEC_FOLLOW_AHEAD = 24,                            /**< See struct codec, follow                            */
    CODEC_PAYLOAD_MAX = 1400,                           /**< Payload bytes; fits every MTU a phone meets         */
};

enum codec_id {
    CODEC_PCMU,      /**< G.711 mu-law, RFC 3551                                  */
    CODEC_PCMA,      /**< G.711 A-law, RFC 3551                                   */
    CODEC_G722,      /**< G.722 at 64 kbit/s, RFC 3551 (RTP clock 8000)           */
    CODEC_OPUS_NB,   /**< Opus kept to narrowband, RFC 7587 (RTP clock 48000)     */
    CODEC_OPUS_WB,   /**< Opus kept to wideband, RFC 7587 (RTP clock 48000)       */
    CODEC_COUNT,
};

struct codec {
    const char *name;        /**< Encoding name of RFC 3551 and RFC 7587                          */
    enum codec_id id;
    unsigned clock_rate;     /**< RTP timestamp units per second                                  */

    size_t (*encoder_size)(void);
    int (*encoder_init)(void *encoder);

    /** Encodes `samples` (a multiple of 160, at most 960) into at most `capacity` bytes. Returns bytes, or a negative errno. */
    int (*encode)(void *encoder, const int16_t *in, size_t samples, uint8_t *payload, size_t capacity);

    /** What the way to the far end and the far end itself want: redundancy for `loss_percent` of packets lost, and on average no more
        than `rate_max` bits of payload a second (0: no limit). NULL: the codec has one rate and no redundancy. */
    void (*suit)(void *encoder, unsigned loss_percent, unsigned rate_max);

    /** Lets the encoder send nothing in silence: `encode` then returns 0. NULL: RFC 3389 does it, see comfort_noise.h. */
    void (*set_discontinuous)(void *encoder, bool on);

    size_t (*decoder_size)(void);
    int (*decoder_init)(void *decoder);

    /** Samples (16 kHz) that the payload will decode to, or a negative errno when it is none of this codec's. */
    int (*duration)(const uint8_t *payload, size_t size);

    /** Decodes one payload. Returns samples written, or a negative errno; never more than `capacity`. */
    int (*decode)(void *decoder, const uint8_t *payload, size_t size, int16_t *out, size_t capacity);

    /** Reconstructs the packet lost before this one from the redundancy in it (Opus in-band FEC), `samples` long.
        Returns samples, or 0 when the payload carries none. NULL: the codec has no such thing. */
    int (*recover)(void *decoder, const uint8_t *payload, size_t size, int16_t *out, size_t samples);

    /** The codec's own concealment, `samples` long (a multiple of 160). NULL: conceal.h does it. */
    int (*conceal)(void *decoder, int16_t *out, size_t samples);

    /** Tells the decoder what was played in place of a lost packet, so that its filters and predictors go on from there.
        `played` holds `samples` and CODEC_FOLLOW_AHEAD more that would have come next; `samples` is even and at least 24.
        NULL: the codec's own concealment sees to it. */
    void (*follow)(void *decoder, const int16_t *played, size_t samples);
};

/** The codec of this id, or NULL when the id is none. */
const struct codec *codec_get(enum codec_id id);

/** Bytes and alignment-safe room for the largest encoder or decoder of the table. */
size_t codec_encoder_size_max(void);
size_t codec_decoder_size_max(void);

#endif
