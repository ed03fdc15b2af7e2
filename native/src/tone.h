/* tone.h: cadenced multi-frequency tones at 16 kHz: dial, ringback, busy, call waiting, DTMF feedback, ringing melodies.
 *
 * A tone is a list of segments; a segment sounds up to four frequencies for on_ms and is silent for off_ms. It may be modulated
 * in amplitude to its full depth ("400x25" in ITU-T E.180). Edges are raised cosines of 5 ms, so that nothing clicks. All state is in struct tone; nothing allocates; any one thread at a time.
 */
#ifndef IP270_TONE_H
#define IP270_TONE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    TONE_FREQUENCIES_MAX = 4,
    TONE_SEGMENTS_MAX = 12,
    TONE_FREQUENCY_MIN = 20,      /**< Hz                                                          */
    TONE_FREQUENCY_MAX = 7000,    /**< Hz; 16 kHz sampling                                         */
    TONE_MODULATION_MAX = 200,    /**< Hz                                                          */
    TONE_LEVEL_MIN = -60,         /**< dBm0                                                        */
    TONE_LEVEL_MAX = 3,           /**< dBm0; a full-scale sine is 3.14 dBm0 (ITU-T G.711)          */
    TONE_RAMP_SAMPLES = 80,       /**< 5 ms                                                        */
};

struct tone_segment {
    uint16_t frequencies[TONE_FREQUENCIES_MAX];   /**< Hz; the first `frequency_count` are used    */
    uint8_t frequency_count;                      /**< 0 is a pause                                */
    uint8_t modulation_hz;                        /**< 0: none                                     */
    int8_t level_dbm0;                            /**< Of each frequency, with its side bands      */
    uint32_t on_ms;                               /**< 0 with off_ms 0: for ever                   */
    uint32_t off_ms;
};

struct tone_spec {
    struct tone_segment segments[TONE_SEGMENTS_MAX];
    uint8_t segment_count;                        /**< 1 to 12                                     */
    bool repeat;                                  /**< Begin again after the last segment          */
};

struct tone {
    struct tone_spec spec;
    unsigned segment;                             /**< Which one sounds                            */
    uint64_t position;                            /**< Samples into the segment                    */
    double rotor[TONE_FREQUENCIES_MAX][2];        /**< Oscillators: cosine and sine                */
    double step[TONE_FREQUENCIES_MAX][2];         /**< Their rotation per sample                   */
    double modulator[2];                          /**< The same for the modulation                 */
    double modulator_step[2];
    double amplitude;                             /**< Of each oscillator, in units of int16       */
    unsigned release;                             /**< Samples of fade-out left after tone_stop    */
    bool stopping;
    bool playing;
};

/** Starts a tone. Returns 0, or -EINVAL when a count, frequency, level or length is out of range. */
int tone_init(struct tone *tone, const struct tone_spec *spec);

/** One 10 ms frame, always filled. Returns false when the tone was over before this frame (which is then silence). */
bool tone_get(struct tone *tone, int16_t out[160]);

/** Fades out within the next 5 ms; tone_get then reports the end. */
void tone_stop(struct tone *tone);

/** The two frequencies of a DTMF digit (ITU-T Q.23) as one segment of `on_ms`; -EINVAL when the digit is none. */
int tone_dtmf(struct tone_segment *segment, char digit, int8_t level_dbm0, uint32_t on_ms);

#endif
