/* One face for the libraries that clean a microphone's sound. Frames are 10 ms at 16 kHz.
 *
 * Made and freed on a controlling thread; `far` and `near` belong to the media thread, which calls `far` with each frame that goes
 * to the ear after the frame it takes from the microphone in the same tick. `delay_ms` is how long sound waits in the cards on its
 * way out and in, as far as they tell: where an echo is looked for first. What a library allocates or locks in them is counted in
 * docs/threads.md. */
#ifndef IP270_VOICE_PROCESSOR_H
#define IP270_VOICE_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "ip270_media.h"

struct voice_processor {
    void (*far)(struct voice_processor *processor, const int16_t *frame);
    void (*near)(struct voice_processor *processor, int16_t *frame, int delay_ms);
    void (*free)(struct voice_processor *processor);
    float linear_power;     /* mean square of the frame after the linear echo filter alone; only speexdsp tells it */
};

struct voice_task {
    bool cancel_echo;
    bool suppress_residue;              /* of the echo: what the linear filter leaves. webrtc always does */
    unsigned echo_tail_ms;              /* how far back an echo is looked for; webrtc finds the delay itself */
    enum media_noise noise;
    bool gain;                          /* level a voice that is too quiet or too loud */
};

#ifdef __cplusplus
extern "C" {
#endif

/* Each gives NULL without memory. The webrtc one is there only where IP270_WEBRTC is defined. */
struct voice_processor *speex_processor_new(const struct voice_task *task);
struct voice_processor *webrtc_processor_new(const struct voice_task *task);

#ifdef __cplusplus
}
#endif

#endif
