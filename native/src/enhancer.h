/* Everything done to a microphone's sound before it is sent: echo control, noise suppression, gain control.
 *
 *   microphone --+-- suppressing echo control (webrtc) --+-- the better of both --- noise, gain --- out
 *                +-- linear echo control (speexdsp) -----+
 *
 * The light echo control is the linear one alone: it delays nothing and never takes from the speech. Where the phone is built
 * without webrtc, speexdsp does it all. Made and freed on a controlling thread, used on the media thread. */
#ifndef IP270_ENHANCER_H
#define IP270_ENHANCER_H

#include "ip270_media.h"
#include "object.h"

struct enhancer;

/* NULL without memory. */
struct enhancer *enhancer_new(const struct media_enhancement *wanted);

/* The same as an object that goes back to the controlling thread to be freed. */
struct object *enhancer_object(struct enhancer *enhancer);
void enhancer_free(struct enhancer *enhancer);      /* NULL is allowed */

/* Media thread; `far` with what goes to the ear, after `near` in the same tick. `delay_ms` as in voice_processor.h. */
void enhancer_far(struct enhancer *enhancer, const int16_t frame[MEDIA_FRAME_SAMPLES]);
void enhancer_near(struct enhancer *enhancer, int16_t frame[MEDIA_FRAME_SAMPLES], int delay_ms);

/* How much weaker what went to the ear leaves through the microphone, in dB; negative: not known yet. */
double enhancer_echo_loss(const struct enhancer *enhancer);

#endif
