/* Block names (block 3L, FILTEZ ...) are those of the Recommendation. Two things make this fast: the QMF filters run over a whole
 * packet at a time as plain multiply-and-add loops, and the six zeros of a predictor are updated as one SIMD vector. The two
 * bands' recursions don't depend on each other, so they are interleaved and the processor overlaps them.
 */
#include "g722.h"

#include <string.h>

#include "sample.h"

enum {
    QMF_HALF = 12,
    LOW_SCALE_MAX = 18432,
    HIGH_SCALE_MAX = 22528,
    LOW_SCALE_SHIFT = 8,
    HIGH_SCALE_SHIFT = 10,
    BAND_MAX = 16383,
    LOW_LEVELS = 30,
    HIGH_DECISION = 564,
    POLE_2_MAX = 12288,
    POLE_1_MAX = 15360,
};

typedef int16_t vector __attribute__((vector_size(16)));

/* struct g722_band while it is worked on: the arrays live in SIMD registers. */
struct band {
    vector difference, zeros;
    int32_t signal, zero_signal;
    int32_t pole_1, pole_2;
    int32_t reconstructed;
    int32_t partial_1, partial_2;
    int32_t log_scale, scale;
};

static const int16_t QMF[QMF_HALF] = {3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11};

/* Inverse logarithm, Table 11 of the Recommendation. */
static const int16_t ILB[32] = {
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
    2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
};

/* Decision levels of the 60-level quantiser; one above the last, so that five halvings find any. */
static const int16_t Q6[32] = {
    0,   35,  72,  110, 150, 190,  233,  276,  323,  370,  422,  473,  530,  587,  650,   714,
    786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919, INT16_MAX, INT16_MAX,
};

/* Scale factor multipliers WL by four-bit code: WL[RL42[code]]. */
static const int16_t LOW_STEP[16] = {-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60};
static const int16_t HIGH_STEP[4] = {798, -214, 798, -214};

static const int16_t QM2[4] = {-7408, -1616, 7408, 1616};
static const int16_t QM4[16] = {
    0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
};
static const int16_t QM6[64] = {
    -136,  -136,  -136,  -136,  -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
    -7192, -6576, -6000, -5456, -4944,  -4464,  -4008,  -3576,  -3168,  -2776,  -2400,  -2032,  -1688,  -1360, -1040, -728,
    24808, 21904, 19008, 16704, 14984,  13512,  12280,  11192,  10232,  9360,   8576,   7856,   7192,   6576,  6000,  5456,
    4944,  4464,  4008,  3576,  3168,   2776,   2400,   2032,   1688,   1360,   1040,   728,    432,    136,   -432,  -136,
};

static inline int32_t limit(int32_t value, int32_t lowest, int32_t highest)
{
    value = value < lowest ? lowest : value;
    return value > highest ? highest : value;
}

static inline struct band load(const struct g722_band *state)
{
    struct band band = {
        .signal = state->signal, .zero_signal = state->zero_signal,
        .pole_1 = state->poles[0], .pole_2 = state->poles[1], .reconstructed = state->reconstructed,
        .partial_1 = state->partial[0], .partial_2 = state->partial[1],
        .log_scale = state->log_scale, .scale = state->scale,
    };
    memcpy(&band.difference, state->difference, sizeof band.difference);
    memcpy(&band.zeros, state->zeros, sizeof band.zeros);
    return band;
}

static inline void store(struct g722_band *state, const struct band *band)
{
    memcpy(state->difference, &band->difference, sizeof band->difference);
    memcpy(state->zeros, &band->zeros, sizeof band->zeros);
    state->signal = band->signal;
    state->zero_signal = band->zero_signal;
    state->poles[0] = band->pole_1;
    state->poles[1] = band->pole_2;
    state->reconstructed = band->reconstructed;
    state->partial[0] = band->partial_1;
    state->partial[1] = band->partial_2;
    state->log_scale = band->log_scale;
    state->scale = band->scale;
}

/* Block 3: LOGSCL and SCALEL, or LOGSCH and SCALEH. */
static inline void adapt_scale(struct band *band, int32_t step, int32_t highest, int32_t shift)
{
    int32_t log_scale = limit(((band->log_scale * 127) >> 7) + step, 0, highest);
    band->log_scale = log_scale;
    band->scale = ((ILB[(log_scale >> 6) & 31] << 4) >> (shift + 2 - (log_scale >> 11))) & ~3;
}

/* UPPOL2 and UPPOL1, given the signs of this and the two partial signals before. */
static inline void adapt_poles(struct band *band, int32_t partial)
{
    int32_t same_1 = ~((partial ^ band->partial_1) >> 31);
    int32_t same_2 = ~((partial ^ band->partial_2) >> 31);
    int32_t fourfold = saturate(band->pole_1 * 4);
    int32_t turned = limit((fourfold ^ same_1) - same_1, -INT16_MAX - 1, INT16_MAX);
    int32_t pole_2 = (turned >> 7) + ((-128 ^ same_2) - same_2) + ((band->pole_2 * 32512) >> 15);
    pole_2 = limit(pole_2, -POLE_2_MAX, POLE_2_MAX);
    int32_t highest = POLE_1_MAX - pole_2;
    int32_t pole_1 = ((-192 ^ same_1) - same_1) + ((band->pole_1 * 32640) >> 15);
    band->pole_1 = limit(pole_1, -highest, highest);
    band->pole_2 = pole_2;
    band->partial_2 = band->partial_1;
    band->partial_1 = partial;
}

/* UPZERO: each coefficient leaks by 1/256 and moves by 128 to the side on which old and new difference agree. */
static inline void adapt_zeros(struct band *band, int32_t difference)
{
    static const vector USED = {-1, -1, -1, -1, -1, -1, 0, 0};
    int16_t newest = (int16_t)difference;
    vector opposite = (band->difference ^ newest) >> 15;
    vector move = (opposite ^ 128) - opposite;
    vector moves = move & USED & (int16_t)(newest == 0 ? 0 : -1);
    band->zeros = band->zeros + (~((band->zeros - 1) >> 8)) + moves;
}

/* FILTEZ. Differences are kept doubled, which is all that this filter and the signs in UPZERO need. */
static inline int32_t filter_zeros(const struct band *band)
{
    int32_t sum = 0;
    for (int i = 0; i < 8; i++) {
        sum += (band->zeros[i] * band->difference[i]) >> 15;
    }
    return saturate(sum);
}

/* Block 4: everything that a new quantised difference changes, up to the prediction of the next sample. */
static inline void adapt_predictor(struct band *band, int32_t difference)
{
    int32_t reconstructed = saturate(band->signal + difference);
    adapt_poles(band, saturate(band->zero_signal + difference));
    adapt_zeros(band, difference);
    band->difference = __builtin_shufflevector(band->difference, band->difference, 0, 0, 1, 2, 3, 4, 5, 6);
    band->difference[0] = saturate(difference * 2);
    int32_t poles = ((band->pole_1 * saturate(reconstructed * 2)) >> 15)
                  + ((band->pole_2 * saturate(band->reconstructed * 2)) >> 15);
    band->reconstructed = reconstructed;
    band->zero_signal = filter_zeros(band);
    band->signal = saturate(saturate(poles) + band->zero_signal);
}

static inline void adapt_low(struct band *band, uint32_t code)
{
    int32_t difference = (band->scale * QM4[code]) >> 15;
    adapt_scale(band, LOW_STEP[code], LOW_SCALE_MAX, LOW_SCALE_SHIFT);
    adapt_predictor(band, difference);
}

static inline void adapt_high(struct band *band, uint32_t code, int32_t difference)
{
    adapt_scale(band, HIGH_STEP[code], HIGH_SCALE_MAX, HIGH_SCALE_SHIFT);
    adapt_predictor(band, difference);
}

/* QUANTL: the six-bit code of a difference. Codes count down from the outermost level. */
static inline uint32_t quantise_low(const struct band *band, int32_t difference)
{
    int32_t sign = difference >> 31;
    int32_t magnitude = difference ^ sign;
    uint32_t level = 0;
    for (uint32_t step = 16; step > 0; step >>= 1) {
        level += magnitude >= (Q6[level + step] * band->scale) >> 12 ? step : 0;
    }
    level = level < LOW_LEVELS - 1 ? level : LOW_LEVELS - 1;
    if (sign == 0) {
        return 61 - level;
    }
    return level < 2 ? 63 - level : 33 - level;
}

static inline uint32_t quantise_high(const struct band *band, int32_t difference)
{
    int32_t sign = difference >> 31;
    int32_t magnitude = difference ^ sign;
    uint32_t inner = magnitude < (HIGH_DECISION * band->scale) >> 12;
    return inner + (sign ? 0 : 2);
}

/* One phase of the QMF for `count` consecutive positions; tap by tap, so that it becomes SIMD. */
static void filter_phase(const int16_t *line, size_t count, int reversed, int32_t *sum)
{
    memset(sum, 0, count * sizeof *sum);
    for (size_t k = 0; k < QMF_HALF; k++) {
        const int16_t *at = line + k;
        int16_t tap = QMF[reversed ? QMF_HALF - 1 - k : k];
        for (size_t i = 0; i < count; i++) {
            sum[i] += tap * at[i];
        }
    }
}

/* Transmit QMF: 2 * count samples into count of each band. */
static void analyse(struct g722_encoder *encoder, const int16_t *in, size_t count, int16_t *low, int16_t *high)
{
    int16_t even[G722_QMF_HISTORY + G722_BLOCK], odd[G722_QMF_HISTORY + G722_BLOCK];
    int32_t even_sum[G722_BLOCK], odd_sum[G722_BLOCK];
    memcpy(even, encoder->even, sizeof encoder->even);
    memcpy(odd, encoder->odd, sizeof encoder->odd);
    for (size_t i = 0; i < count; i++) {
        even[G722_QMF_HISTORY + i] = in[2 * i];
        odd[G722_QMF_HISTORY + i] = in[2 * i + 1];
    }
    filter_phase(even, count, 0, even_sum);
    filter_phase(odd, count, 1, odd_sum);
    for (size_t i = 0; i < count; i++) {
        low[i] = (int16_t)((odd_sum[i] + even_sum[i]) >> 14);
        high[i] = (int16_t)((odd_sum[i] - even_sum[i]) >> 14);
    }
    memcpy(encoder->even, even + count, sizeof encoder->even);
    memcpy(encoder->odd, odd + count, sizeof encoder->odd);
}

static void encode_block(struct g722_encoder *encoder, const int16_t *in, size_t count, uint8_t *out)
{
    int16_t low_in[G722_BLOCK], high_in[G722_BLOCK];
    analyse(encoder, in, count, low_in, high_in);
    struct band low = load(&encoder->low), high = load(&encoder->high);
    for (size_t i = 0; i < count; i++) {
        uint32_t low_code = quantise_low(&low, saturate(low_in[i] - low.signal));
        uint32_t high_code = quantise_high(&high, saturate(high_in[i] - high.signal));
        out[i] = (uint8_t)(high_code << 6 | low_code);
        adapt_low(&low, low_code >> 2);
        adapt_high(&high, high_code, (high.scale * QM2[high_code]) >> 15);
    }
    store(&encoder->low, &low);
    store(&encoder->high, &high);
}

/* Receive QMF: count sums and differences of the bands into 2 * count samples. */
static void synthesise(struct g722_decoder *decoder, int16_t *sum, int16_t *difference, size_t count, int16_t *out)
{
    int32_t first[G722_BLOCK], second[G722_BLOCK];
    memcpy(sum, decoder->sum, sizeof decoder->sum);
    memcpy(difference, decoder->difference, sizeof decoder->difference);
    filter_phase(difference, count, 1, first);
    filter_phase(sum, count, 0, second);
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = saturate(first[i] >> 11);
        out[2 * i + 1] = saturate(second[i] >> 11);
    }
    memcpy(decoder->sum, sum + count, sizeof decoder->sum);
    memcpy(decoder->difference, difference + count, sizeof decoder->difference);
}

static void decode_block(struct g722_decoder *decoder, const uint8_t *in, size_t count, int16_t *out)
{
    int16_t sum[G722_QMF_HISTORY + G722_BLOCK], difference[G722_QMF_HISTORY + G722_BLOCK];
    struct band low = load(&decoder->low), high = load(&decoder->high);
    for (size_t i = 0; i < count; i++) {
        uint32_t low_code = in[i] & 63, high_code = in[i] >> 6;
        int32_t high_difference = (high.scale * QM2[high_code]) >> 15;
        int32_t low_out = limit(low.signal + ((low.scale * QM6[low_code]) >> 15), -BAND_MAX - 1, BAND_MAX);
        int32_t high_out = limit(high.signal + high_difference, -BAND_MAX - 1, BAND_MAX);
        sum[G722_QMF_HISTORY + i] = (int16_t)(low_out + high_out);
        difference[G722_QMF_HISTORY + i] = (int16_t)(low_out - high_out);
        adapt_low(&low, low_code >> 2);
        adapt_high(&high, high_code, high_difference);
    }
    store(&decoder->low, &low);
    store(&decoder->high, &high);
    synthesise(decoder, sum, difference, count, out);
}

static const struct g722_band LOW_RESET = {.scale = 32}, HIGH_RESET = {.scale = 8};

void g722_encoder_init(struct g722_encoder *encoder)
{
    *encoder = (struct g722_encoder){.low = LOW_RESET, .high = HIGH_RESET};
}

void g722_decoder_init(struct g722_decoder *decoder)
{
    *decoder = (struct g722_decoder){.low = LOW_RESET, .high = HIGH_RESET};
}

void g722_encoder_encode(struct g722_encoder *encoder, const int16_t *in, size_t bytes, uint8_t *out)
{
    for (size_t done = 0; done < bytes; done += G722_BLOCK) {
        size_t block = bytes - done < G722_BLOCK ? bytes - done : G722_BLOCK;
        encode_block(encoder, in + 2 * done, block, out + done);
    }
}

void g722_decoder_decode(struct g722_decoder *decoder, const uint8_t *in, size_t bytes, int16_t *out)
{
    for (size_t done = 0; done < bytes; done += G722_BLOCK) {
        size_t block = bytes - done < G722_BLOCK ? bytes - done : G722_BLOCK;
        decode_block(decoder, in + done, block, out + 2 * done);
    }
}

void g722_decoder_follow(struct g722_decoder *decoder, const int16_t *played, size_t bytes)
{
    /* Both bands' predictors are the same in encoder and decoder, so an encoder can take over, and what it makes of the signal
     * moves the decoder along. The encoder looks ahead by the delay of both filters, whose past is then all in `played`. */
    struct g722_encoder encoder = {.low = decoder->low, .high = decoder->high};
    for (size_t i = 0; i < G722_QMF_HISTORY; i++) {
        encoder.even[i] = played[2 * i];
        encoder.odd[i] = played[2 * i + 1];
    }
    for (size_t done = 0; done < bytes; done += G722_BLOCK) {
        size_t block = bytes - done < G722_BLOCK ? bytes - done : G722_BLOCK;
        uint8_t code[G722_BLOCK];
        int16_t unused[2 * G722_BLOCK];
        encode_block(&encoder, played + G722_QMF_DELAY + 2 * done, block, code);
        decode_block(decoder, code, block, unused);
    }
}
