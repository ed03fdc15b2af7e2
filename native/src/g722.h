/* g722.h: ITU-T G.722 at 64 kbit/s (mode 1): 16 kHz int16, two samples a byte. Bit-exact with the Recommendation.
 *
 * No allocation, no globals; one thread at a time per state.
 */
#ifndef IP270_G722_H
#define IP270_G722_H

#include <stddef.h>
#include <stdint.h>

enum {
    G722_QMF_HISTORY = 11,     /**< Samples per phase that the 24-tap filters look back                         */
    G722_QMF_DELAY = 22,       /**< Samples by which the decoder's output trails the encoder's input            */
    G722_BLOCK = 160,          /**< Bytes worked on at once                                                     */
};

/** One sub-band's adaptive predictor and quantiser, the same in encoder and decoder (block 3 and 4 of the Recommendation). */
struct g722_band {
    int16_t difference[8];     /**< d, doubled: quantised differences, newest first; six used, eight for SIMD    */
    int16_t zeros[8];          /**< b: zero section coefficients                                                */
    int32_t signal;            /**< s: prediction of the next sample                                            */
    int32_t zero_signal;       /**< sz: its zero section part                                                   */
    int32_t poles[2];          /**< a                                                                           */
    int32_t reconstructed;      /**< r: the newest one                                                             */
    int32_t partial[2];        /**< p: newest first                                                             */
    int32_t log_scale;         /**< nb                                                                          */
    int32_t scale;             /**< det                                                                         */
};

struct g722_encoder {
    struct g722_band low, high;
    int16_t even[G722_QMF_HISTORY], odd[G722_QMF_HISTORY];
};

struct g722_decoder {
    struct g722_band low, high;
    int16_t sum[G722_QMF_HISTORY], difference[G722_QMF_HISTORY];
};

void g722_encoder_init(struct g722_encoder *encoder);
void g722_decoder_init(struct g722_decoder *decoder);

/** 2 * `bytes` samples in, `bytes` out. */
void g722_encoder_encode(struct g722_encoder *encoder, const int16_t *in, size_t bytes, uint8_t *out);

/** `bytes` in, 2 * `bytes` samples out. */
void g722_decoder_decode(struct g722_decoder *decoder, const uint8_t *in, size_t bytes, int16_t *out);

/** Brings the decoder to where it would be had it decoded `played`: 2 * `bytes` samples, and G722_QMF_DELAY more that come after
    them. Used when a packet is lost and something else was played for it (the idea of ITU-T G.722 Appendix III). */
void g722_decoder_follow(struct g722_decoder *decoder, const int16_t *played, size_t bytes);

#endif
