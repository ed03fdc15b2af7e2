/* conceal.h: what to play at 16 kHz when nothing came, for codecs that have no concealment of their own. */
#ifndef IP270_CONCEAL_H
#define IP270_CONCEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONCEAL_PITCH_MIN = 40,                       /**< 400 Hz                                             */
    CONCEAL_PITCH_MAX = 264,                      /**< 60 Hz                                              */
    CONCEAL_HISTORY = 3 * CONCEAL_PITCH_MAX,      /**< Samples of past that conceal_begin looks at        */
};

struct conceal {
    int16_t past[CONCEAL_HISTORY];
    size_t pitch;                                 /**< Samples                                            */
    size_t periods;                               /**< Of the pitch now repeated: 1 to 3                  */
    size_t position;                              /**< In the repeated stretch                            */
    size_t generated;                             /**< Since conceal_begin                                */
    int16_t loop[CONCEAL_HISTORY];
};

/** Learns from the CONCEAL_HISTORY samples played last, newest last. */
void conceal_begin(struct conceal *c, const int16_t *past);

/** The next `samples` that the past suggests; they fade to silence. */
void conceal_generate(struct conceal *c, int16_t *out, size_t samples);

#endif
