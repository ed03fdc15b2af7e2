/* G.711 quantises like a tiny floating-point number: a sign, three bits of exponent, four of mantissa. So we let the machine's
 * own float conversion find exponent and mantissa; that has no table and no branch, and compilers turn the loops into SIMD.
 * All values are integers below 2^24, hence every conversion is exact.
 */
#include "g711.h"

#include <string.h>

enum {
    ULAW_BIAS = 132,                     /* G.711 Table 2: decision levels are 2^n once this is added        */
    MAGNITUDE_MAX = 32767,
    MANTISSA_SHIFT = 19,                 /* of a float's 23 mantissa bits we keep the upper four             */
    HALF_STEP = 1 << 18,                 /* the bit below them: output levels lie between decision levels    */
    ULAW_EXPONENT = (127 + 7) << 4,      /* float exponent of segment 0, whose values begin at 2^7           */
    ALAW_LINEAR = 256,                   /* A-law's two lowest segments share one step size                  */
};

static inline int32_t float_bits(int32_t value)
{
    float f = (float)value;
    int32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static inline int32_t float_value(int32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return (int32_t)f;
}

static inline int32_t minimum(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

void g711_ulaw_encode(const int16_t *in, size_t samples, uint8_t *out)
{
    for (size_t i = 0; i < samples; i++) {
        int32_t sign = in[i] >> 15;
        int32_t magnitude = minimum(((in[i] ^ sign) - sign) + ULAW_BIAS, MAGNITUDE_MAX);
        int32_t code = (float_bits(magnitude) >> MANTISSA_SHIFT) - ULAW_EXPONENT;
        out[i] = (uint8_t)(~code ^ (sign & 0x80));
    }
}

void g711_ulaw_decode(const uint8_t *in, size_t samples, int16_t *out)
{
    for (size_t i = 0; i < samples; i++) {
        int32_t code = ~in[i] & 0xff;
        int32_t sign = -(code >> 7);
        int32_t magnitude = float_value((((code & 0x7f) + ULAW_EXPONENT) << MANTISSA_SHIFT) + HALF_STEP) - ULAW_BIAS;
        out[i] = (int16_t)((magnitude ^ sign) - sign);
    }
}

void g711_alaw_encode(const int16_t *in, size_t samples, uint8_t *out)
{
    for (size_t i = 0; i < samples; i++) {
        int32_t sign = in[i] >> 15;
        int32_t magnitude = in[i] ^ sign;    /* one's complement: G.711 mirrors about -1/2 */
        int32_t curved = (float_bits(magnitude) >> MANTISSA_SHIFT) - ULAW_EXPONENT;
        int32_t code = magnitude < ALAW_LINEAR ? magnitude >> 4 : curved;
        out[i] = (uint8_t)(code ^ 0x55 ^ (~sign & 0x80));
    }
}

void g711_alaw_decode(const uint8_t *in, size_t samples, int16_t *out)
{
    for (size_t i = 0; i < samples; i++) {
        int32_t code = in[i] ^ 0x55;
        int32_t sign = (code >> 7) - 1;      /* here a set bit means positive */
        int32_t low = code & 0x7f;
        int32_t curved = float_value(((low + ULAW_EXPONENT) << MANTISSA_SHIFT) + HALF_STEP);
        int32_t magnitude = low < 16 ? (low << 4) + 8 : curved;
        out[i] = (int16_t)((magnitude ^ sign) - sign);
    }
}
