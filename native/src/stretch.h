/* stretch.h: play a little faster or slower without changing the pitch, by leaving out or repeating one pitch period.
 *
 * Both work at the beginning of `samples` and join with a 5 ms cross-fade where the signal resembles itself. They do nothing where it
 * doesn't; in near silence anything fits.
 */
#ifndef IP270_STRETCH_H
#define IP270_STRETCH_H

#include <stddef.h>
#include <stdint.h>

enum {
    STRETCH_LAG_MIN = 40,         /**< 2.5 ms                                                                */
    STRETCH_LAG_MAX = 240,        /**< 15 ms                                                                 */
    STRETCH_FADE = 80,            /**< 5 ms                                                                  */
};

/** Removes 40 to 240 samples, never more than `most`; returns how many, or 0. */
size_t stretch_shorten(int16_t *samples, size_t length, size_t most);

/** Inserts 40 to 240 samples, never more than `most`; returns how many, or 0. There must be STRETCH_LAG_MAX samples of past before
    `samples`, and room for `most` behind `length`. */
size_t stretch_lengthen(int16_t *samples, size_t length, size_t most);

#endif
