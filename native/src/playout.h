/* playout.h: from waiting packets to an unbroken line of 16 kHz samples.
 *
 * Keeps the decoder, decides each tick whether to decode, recover, conceal or be silent, and steers the delay towards its target
 * by time-stretching. Media times and ticks are 16 kHz samples.
 */
#ifndef IP270_PLAYOUT_H
#define IP270_PLAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec.h"
#include "comfort_noise.h"
#include "conceal.h"
#include "delay.h"
#include "jitter.h"
#include "loss_pattern.h"

enum {
    PLAYOUT_PAST = CONCEAL_HISTORY,                         /**< Played samples kept for concealment          */
    PLAYOUT_SLIDE = 8 * CODEC_FRAME_SAMPLES,                /**< Played from `line` before it is moved back   */
    PLAYOUT_FUTURE = CODEC_PACKET_SAMPLES_MAX + 2 * CODEC_FRAME_SAMPLES + CONCEAL_PITCH_MAX,
};

struct playout {
    const struct codec *codec;           /**< Of `decoder`; NULL before the first packet                      */
    void *decoder;                       /**< codec_decoder_size_max() bytes, given by the owner              */
    void *before;                        /**< As many: `decoder` as it was before it concealed                */
    bool playing;                        /**< `end` is set                                                    */
    int64_t end;                         /**< Media time after the last sample of `line`                      */
    int64_t last_sequence;               /**< Of the packet decoded last                                      */
    int64_t last_taken;                  /**< ... or passed over, since it holds no audio                     */
    bool concealing;                     /**< The end of `line` was made up                                   */
    bool inventing;                      /**< ... by `conceal`, which can go on, not by the codec             */
    size_t fade;                         /**< Samples over which what comes next takes over from it           */
    bool pausing;                        /**< What is missing is an event or a keepalive, not audio           */
    int64_t missing;                     /**< Samples made up since the last decoded one                      */
    int64_t uncounted;                   /**< Of them, not yet in `concealed`: the talkspurt may have ended   */
    bool noisy;                          /**< The far end is silent and said how that sounds                  */
    struct comfort_noise noise;
    struct loss_pattern pattern;         /**< Of what was played and missed                                    */
    double losses;                       /**< Share of packets lost lately                                    */
    int64_t allowance;                   /**< Added to the target, so that the packet after a lost one, which helps to
                                              restore it, comes in time                                      */
    int64_t rest;                        /**< Samples to play before the next stretch                         */
    struct conceal conceal;
    size_t start;                        /**< Where in `line` those samples begin that wait; before it is the past */
    size_t length;                       /**< Samples that wait                                               */
    int16_t line[PLAYOUT_PAST + PLAYOUT_SLIDE + PLAYOUT_FUTURE];
    int64_t delay;                       /**< Playout delay at the last tick, samples; see delay.h            */
    uint64_t concealed, stretched;       /**< Samples                                                         */
    uint64_t late, refused;              /**< Packets: overtaken by playout; undecodable                      */
};

/** Starts anew with `decoder` and `before` as memory of codec_decoder_size_max() bytes each. */
void playout_init(struct playout *p, void *decoder, void *before);

/** The media time begins anew: what waits in the line is played and fades, then the next packet is waited for. */
void playout_restart(struct playout *p);

/** The delay aimed at, samples. */
int64_t playout_target(const struct playout *p, const struct delay_estimator *delay);

/** One frame for the tick at time `now`. Takes packets from `jitter`, tells `delay` when a talkspurt is over. */
void playout_get(struct playout *p, struct jitter_buffer *jitter, struct delay_estimator *delay, int64_t now,
                 int16_t out[CODEC_FRAME_SAMPLES]);

#endif
