#include "card.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum {
    RATE = 16000,
    RESAMPLER_QUALITY = 3,
    SPARE_PERIODS = 2,                  /* room in the card above the target, for the drift loop to move in */
    CAPTURE_PERIODS = 8,
};

/* --- opening; device thread --- */

struct failure {
    const char *step;
    int error;
};

static int fail(struct failure *failure, const char *step, int error)
{
    failure->step = step;
    failure->error = error;
    return error;
}

/* Real rates only: libasound's own converter is a straight line between samples, ours is better. */
static int choose_rate(snd_pcm_t *pcm, snd_pcm_hw_params_t *params, unsigned *rate)
{
    static const unsigned wanted[] = {16000, 48000, 32000, 44100, 8000};
    snd_pcm_hw_params_set_rate_resample(pcm, params, 0);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        if (snd_pcm_hw_params_set_rate(pcm, params, wanted[i], 0) == 0) {
            *rate = wanted[i];
            return 0;
        }
    }
    return -EINVAL;
}

static int choose_channels(snd_pcm_t *pcm, snd_pcm_hw_params_t *params, unsigned *channels)
{
    for (*channels = 1; *channels <= CARD_CHANNELS_MAX; ++*channels) {
        if (snd_pcm_hw_params_set_channels(pcm, params, *channels) == 0)
            return 0;
    }
    return -EINVAL;
}

static int choose_hardware(struct card_direction *direction, unsigned period_ms, unsigned periods, struct failure *failure)
{
    snd_pcm_hw_params_t *params;
    snd_pcm_t *pcm = direction->pcm;
    int error;
    snd_pcm_hw_params_alloca(&params);
    if ((error = snd_pcm_hw_params_any(pcm, params)) < 0)
        return fail(failure, "it offers no configuration", error);
    direction->mapped = snd_pcm_hw_params_set_access(pcm, params, SND_PCM_ACCESS_MMAP_INTERLEAVED) == 0;
    if (!direction->mapped && (error = snd_pcm_hw_params_set_access(pcm, params, SND_PCM_ACCESS_RW_INTERLEAVED)) < 0)
        return fail(failure, "it can't interleave", error);
    if ((error = snd_pcm_hw_params_set_format(pcm, params, SND_PCM_FORMAT_S16)) < 0)
        return fail(failure, "it has no 16-bit format (plughw: converts)", error);
    if ((error = choose_channels(pcm, params, &direction->channels)) < 0)
        return fail(failure, "it is neither mono nor stereo (plughw: converts)", error);
    if ((error = choose_rate(pcm, params, &direction->rate)) < 0)
        return fail(failure, "it has no rate we know (plughw: converts)", error);
    direction->period = direction->rate / 1000 * period_ms;
    direction->buffer = direction->period * periods;
    if ((error = snd_pcm_hw_params_set_period_size_near(pcm, params, &direction->period, NULL)) < 0 ||
        (error = snd_pcm_hw_params_set_buffer_size_near(pcm, params, &direction->buffer)) < 0 ||
        (error = snd_pcm_hw_params(pcm, params)) < 0)
        return fail(failure, "it refuses the period", error);
    snd_pcm_hw_params_get_period_size(params, &direction->period, NULL);
    snd_pcm_hw_params_get_buffer_size(params, &direction->buffer);
    return 0;
}

/* The card wakes us every 10 ms of samples and starts only when told. */
static int choose_software(struct card_direction *direction, struct failure *failure)
{
    snd_pcm_sw_params_t *params;
    snd_pcm_t *pcm = direction->pcm;
    int error;
    snd_pcm_sw_params_alloca(&params);
    if ((error = snd_pcm_sw_params_current(pcm, params)) < 0 ||
        (error = snd_pcm_sw_params_set_avail_min(pcm, params, direction->rate / 100)) < 0 ||
        (error = snd_pcm_sw_params_set_start_threshold(pcm, params, direction->buffer * 2)) < 0 ||
        (error = snd_pcm_sw_params(pcm, params)) < 0)
        return fail(failure, "it refuses its software parameters", error);
    return 0;
}

static int make_resampler(struct card_direction *direction, bool capture, struct failure *failure)
{
    int error = 0;
    if (direction->rate == RATE)
        return 0;
    unsigned from = capture ? direction->rate : RATE, to = capture ? RATE : direction->rate;
    direction->resampler = speex_resampler_init(1, from, to, RESAMPLER_QUALITY, &error);
    return direction->resampler == NULL ? fail(failure, "no memory for its resampler", -ENOMEM) : 0;
}

static int open_direction(struct card_direction *direction, const char *name, bool capture,
                          const struct media_device_config *config, struct failure *failure)
{
    if (name[0] == '\0')
        return 0;
    snd_pcm_stream_t stream = capture ? SND_PCM_STREAM_CAPTURE : SND_PCM_STREAM_PLAYBACK;
    int error = snd_pcm_open(&direction->pcm, name, stream, SND_PCM_NONBLOCK);
    if (error < 0)
        return fail(failure, "it can't be opened", error);
    unsigned periods = capture ? CAPTURE_PERIODS : config->periods + SPARE_PERIODS;
    if ((error = choose_hardware(direction, config->period_ms, periods, failure)) != 0 ||
        (error = choose_software(direction, failure)) != 0 || (error = make_resampler(direction, capture, failure)) != 0)
        return error;
    snd_pcm_uframes_t most = direction->buffer - direction->buffer / 4;
    direction->target = direction->period * config->periods;
    direction->target = direction->target < most ? direction->target : most;
    int count = snd_pcm_poll_descriptors_count(direction->pcm);
    if (count > 0 && count <= CARD_POLLS_MAX)
        direction->poll_count = (unsigned)snd_pcm_poll_descriptors(direction->pcm, direction->polls, (unsigned)count);
    return 0;
}

static snd_pcm_sframes_t write_frames(struct card_direction *direction, const int16_t *frames, snd_pcm_uframes_t count)
{
    return direction->mapped ? snd_pcm_mmap_writei(direction->pcm, frames, count)
                             : snd_pcm_writei(direction->pcm, frames, count);
}

static int prime(struct card_direction *direction)
{
    snd_pcm_uframes_t left = direction->target;
    memset(direction->raw, 0, sizeof direction->raw);
    while (left > 0) {
        snd_pcm_uframes_t chunk = left < CARD_CHUNK ? left : CARD_CHUNK;
        snd_pcm_sframes_t written = write_frames(direction, direction->raw, chunk);
        if (written <= 0)
            return written == 0 ? -EIO : (int)written;
        left -= (snd_pcm_uframes_t)written;
    }
    return 0;
}

static int start_direction(struct card_direction *direction, bool capture)
{
    match_init(&direction->match);
    if (direction->pcm == NULL)
        return 0;
    if (direction->resampler != NULL)
        speex_resampler_reset_mem(direction->resampler);
    int error = snd_pcm_prepare(direction->pcm);
    if (error == 0 && !capture)
        error = prime(direction);
    if (error == 0 && snd_pcm_state(direction->pcm) != SND_PCM_STATE_RUNNING)
        error = snd_pcm_start(direction->pcm);
    return error;
}

int card_revive(struct card *card)
{
    if (card->capture.pcm != NULL)
        snd_pcm_drop(card->capture.pcm);
    if (card->playback.pcm != NULL)
        snd_pcm_drop(card->playback.pcm);
    card->last_samples_ns = 0;
    int error = start_direction(&card->playback, false);
    return error != 0 ? error : start_direction(&card->capture, true);
}

int card_open(struct card **result, const struct media_device_config *config, char *text, size_t size)
{
    struct failure failure = {"there is no memory for it", -ENOMEM};
    const char *name = config->capture;
    struct card *card = memory_new(sizeof *card);
    int error = card == NULL ? -ENOMEM : open_direction(&card->capture, name, true, config, &failure);
    if (error == 0) {
        name = config->playback;
        error = open_direction(&card->playback, name, false, config, &failure);
    }
    if (error == 0) {
        name = config->capture[0] != '\0' ? config->capture : config->playback;
        error = card_revive(card);
        failure = (struct failure){"it doesn't start", error};
    }
    if (error != 0) {
        snprintf(text, size, "sound card %.40s: %s: %s", name, failure.step, snd_strerror(error));
        card_close(card);
        return error;
    }
    *result = card;
    return 0;
}

static void close_direction(struct card_direction *direction)
{
    if (direction->resampler != NULL)
        speex_resampler_destroy(direction->resampler);
    if (direction->pcm != NULL)
        snd_pcm_close(direction->pcm);
}

void card_close(struct card *card)
{
    if (card == NULL)
        return;
    close_direction(&card->capture);
    close_direction(&card->playback);
    free(card);
}

/* --- running; media thread --- */

static void downmix(const struct card_direction *direction, int16_t *mono, size_t frames)
{
    if (direction->channels == 1) {
        memcpy(mono, direction->raw, frames * sizeof *mono);
        return;
    }
    for (size_t i = 0; i < frames; i++)
        mono[i] = (int16_t)((direction->raw[2 * i] + direction->raw[2 * i + 1]) / 2);
}

static void upmix(struct card_direction *direction, const int16_t *mono, size_t frames)
{
    for (size_t i = 0; i < frames; i++) {
        for (unsigned channel = 0; channel < direction->channels; channel++)
            direction->raw[i * direction->channels + channel] = mono[i];
    }
}

static const int16_t *resampled(struct card_direction *direction, const int16_t *in, size_t in_count, int16_t *out,
                                size_t *out_count)
{
    if (direction->resampler == NULL) {
        *out_count = in_count;
        return in;
    }
    spx_uint32_t used = (spx_uint32_t)in_count, made = CARD_CHUNK;
    speex_resampler_process_int(direction->resampler, 0, in, &used, out, &made);
    *out_count = made;
    return out;
}

int card_fetch(struct card *card, int64_t now_ns)
{
    struct card_direction *direction = &card->capture;
    if (direction->pcm == NULL)
        return 0;
    snd_pcm_sframes_t available = snd_pcm_avail_update(direction->pcm);
    while (available > 0) {
        snd_pcm_uframes_t chunk = available < CARD_CHUNK ? (snd_pcm_uframes_t)available : CARD_CHUNK;
        snd_pcm_sframes_t read = direction->mapped ? snd_pcm_mmap_readi(direction->pcm, direction->raw, chunk)
                                                   : snd_pcm_readi(direction->pcm, direction->raw, chunk);
        if (read == 0 || read == -EAGAIN)
            break;
        if (read < 0)
            return (int)read;
        size_t count;
        downmix(direction, direction->native, (size_t)read);
        const int16_t *samples = resampled(direction, direction->native, (size_t)read, direction->mono, &count);
        match_put(&direction->match, samples, count);
        card->last_samples_ns = now_ns;
        available -= read;
    }
    return available < 0 ? (int)available : 0;
}

bool card_has_frame(const struct card *card)
{
    return card->capture.pcm != NULL && match_has_frame(&card->capture.match);
}

bool card_get(struct card *card, int16_t frame[MEDIA_FRAME_SAMPLES], bool master)
{
    return match_capture(&card->capture.match, frame, master);
}

int card_put(struct card *card, const int16_t frame[MEDIA_FRAME_SAMPLES])
{
    struct card_direction *direction = &card->playback;
    if (direction->pcm == NULL)
        return 0;
    snd_pcm_sframes_t room = snd_pcm_avail_update(direction->pcm);
    if (room < 0)
        return (int)room;
    size_t matched = match_play(&direction->match, frame, direction->mono), count;
    const int16_t *samples = resampled(direction, direction->mono, matched, direction->native, &count);
    upmix(direction, samples, count);
    snd_pcm_sframes_t written = count == 0 ? 0 : write_frames(direction, direction->raw, count);
    if (written < 0 && written != -EAGAIN)
        return (int)written;
    if (written < (snd_pcm_sframes_t)count)
        return -ENOBUFS;    /* a card that takes nothing in yet says nothing about its clock */
    double waiting = (double)direction->buffer - (double)room + (double)written;
    double scale = (double)RATE / direction->rate;
    match_steer(&direction->match, waiting * scale, (double)direction->target * scale);
    return 0;
}
