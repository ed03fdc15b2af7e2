/* An opened sound card: one ALSA PCM per direction, non-blocking, 16 bit, brought to 16 kHz mono.
 *
 * The device thread opens, starts, revives and closes a card; in between the media thread owns it and calls nothing that waits.
 * See docs/threads.md for what libasound does inside these calls. */
#ifndef IP270_CARD_H
#define IP270_CARD_H

#include <alsa/asoundlib.h>
#include <poll.h>
#include <speex/speex_resampler.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ip270_media.h"
#include "match.h"

enum {
    CARD_RATE_MAX = 48000,
    CARD_CHANNELS_MAX = 2,
    CARD_CHUNK = CARD_RATE_MAX / 100 * 4,   /* frames moved at once: 40 ms at 48 kHz */
    CARD_POLLS_MAX = 8,
};

struct card_direction {
    snd_pcm_t *pcm;                     /* NULL: this card has no such direction */
    unsigned rate;
    unsigned channels;
    bool mapped;                        /* mmap access: samples are copied without a system call */
    snd_pcm_uframes_t period;
    snd_pcm_uframes_t buffer;
    snd_pcm_uframes_t target;           /* playback: frames that should wait in the card after a tick */
    SpeexResamplerState *resampler;     /* NULL when the card runs at 16 kHz */
    struct match match;
    struct pollfd polls[CARD_POLLS_MAX];
    unsigned poll_count;
    int16_t raw[CARD_CHUNK * CARD_CHANNELS_MAX];
    int16_t mono[CARD_CHUNK];
    int16_t native[CARD_CHUNK];         /* mono at the card's rate */
};

struct card {
    struct card_direction capture;
    struct card_direction playback;
    int64_t last_samples_ns;            /* when the card last moved a sample */
};

/* Device thread. card_open gives 0 and a running card, or a negative errno and a sentence in `text`. */
int card_open(struct card **card, const struct media_device_config *config, char *text, size_t size);
int card_revive(struct card *card);     /* after an xrun: prepare, prime, start. 0 or a negative errno */
void card_close(struct card *card);

/* Media thread. Both give 0 or the negative errno with which the card failed: -EPIPE or -ESTRPIPE when it can be revived. */
int card_fetch(struct card *card, int64_t now_ns);      /* takes in what the card has captured */
int card_put(struct card *card, const int16_t frame[MEDIA_FRAME_SAMPLES]);     /* plays 10 ms */

/* Media thread: the next 10 ms captured; false when the card hasn't brought as much. `master`: the card paces the tick, so its
 * clock is the engine's and nothing needs matching. */
bool card_get(struct card *card, int16_t frame[MEDIA_FRAME_SAMPLES], bool master);
bool card_has_frame(const struct card *card);

#endif
