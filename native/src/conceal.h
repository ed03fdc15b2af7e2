/* conceal.h: what to play at 16 kHz when nothing came, for codecs that have no concealment of their own.
 *
 * Speech is a source that repeats every pitch period and a vocal tract that changes slowly. So the last period of the source (the
 * residual of a linear prediction) is repeated, mixed with noise where the voice was not periodic, and sent through the same tract,
 * whose memory makes the joint seamless. It fades to silence within 70 ms. Better than G.711 Appendix I, which repeats the signal itself.
 */
#ifndef IP270_CONCEAL_H
#define IP270_CONCEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONCEAL_PITCH_MIN = 40,                       /**< 400 Hz                                             */
    CONCEAL_PITCH_MAX = 264,                      /**< 60 Hz                                              */
    CONCEAL_ORDER = 16,                           /**< Of the linear prediction                           */
    CONCEAL_HISTORY = 3 * CONCEAL_PITCH_MAX,      /**< Samples of past that conceal_begin looks at        */
};

struct conceal {
    size_t pitch;                                 /**< Samples                                            */
    size_t position;                              /**< In the repeated period                             */
    size_t generated;                             /**< Since conceal_begin                                */
    float predictor[CONCEAL_ORDER];               /**< Weight of the sample 1, 2 ... ago                  */
    float memory[CONCEAL_ORDER];                  /**< samples made before, newest last                   */
    float source[CONCEAL_PITCH_MAX];              /**< One period of the residual                         */
    float noise;                                  /**< Share of noise in the source, 0 to 1               */
    float level;                                  /**< Root mean square of the residual                   */
    uint32_t random;
};

/** Learns from the CONCEAL_HISTORY samples played last, newest last. */
void conceal_begin(struct conceal *c, const int16_t *past);

/** The next `samples` that the past suggests. */
void conceal_generate(struct conceal *c, int16_t *out, size_t samples);

#endif
