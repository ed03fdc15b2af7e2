/* activity.h: is somebody speaking? Decides what need not be sent (discontinuous transmission, RFC 3551 4.1).
 *
 * A frame is speech when it stands out of the background, whose level is learnt: at once when it falls, slowly when it rises.
 */
#ifndef IP270_ACTIVITY_H
#define IP270_ACTIVITY_H

#include <stdbool.h>
#include <stdint.h>

#include "codec.h"

struct activity {
    float floor;                         /**< Power of the background; 0: nothing heard yet           */
    unsigned hangover;                   /**< Frames that still count as speech                       */
};

/** True while the next frame, or one of the last 20, stands out. Zeroed memory is the first state. */
bool activity_detect(struct activity *activity, const int16_t frame[CODEC_FRAME_SAMPLES]);

#endif
