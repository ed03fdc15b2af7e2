/* comfort_noise.h: background noise in a few bytes (RFC 3389), so that silence need not be sent and the line doesn't sound dead.
 *
 * The payload is a level and the reflection coefficients of the noise's spectrum. Both ends work at 8 kHz, the clock of payload type 13.
 */
#ifndef IP270_COMFORT_NOISE_H
#define IP270_COMFORT_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec.h"
#include "resample.h"

enum {
    COMFORT_NOISE_ORDER = 10,                        /**< Coefficients that we use; more are allowed, and ignored */
    COMFORT_NOISE_PAYLOAD_MAX = 1 + COMFORT_NOISE_ORDER,
};

struct comfort_noise {
    float predictor[COMFORT_NOISE_ORDER];            /**< Weight of the sample 1, 2 ... ago           */
    float memory[COMFORT_NOISE_ORDER];               /**< Samples made before, newest first           */
    float level;                                     /**< Root mean square of the excitation          */
    uint32_t random;
    struct upsampler upsampler;
};

/** Takes on what a payload says; the noise goes on without a break. `size` is 1 or more. Zeroed memory is a quiet beginning. */
void comfort_noise_take(struct comfort_noise *noise, const uint8_t *payload, size_t size);

/** The next 10 ms. */
void comfort_noise_generate(struct comfort_noise *noise, int16_t out[CODEC_FRAME_SAMPLES]);

/** Describes `samples` (whole frames, at most 60 ms) of noise at 16 kHz in COMFORT_NOISE_PAYLOAD_MAX bytes. */
void comfort_noise_describe(const int16_t *in, size_t samples, uint8_t payload[COMFORT_NOISE_PAYLOAD_MAX]);

#endif
