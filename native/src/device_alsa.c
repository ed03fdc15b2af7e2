#include "device_alsa.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "device_thread.h"
#include "memory.h"

/* A card that moves nothing for so long is gone, whatever its driver says. A sound server may take two seconds to begin. */
static const int64_t SILENCE_LIMIT_NS = 5LL * 1000 * 1000 * 1000;

static void give_back(struct alsa_device *alsa, int error)
{
    struct card *card = alsa->card;
    alsa->card = NULL;
    if (error == -EPIPE || error == -ESTRPIPE)
        alsa->device.counters.xruns++;
    else if (error != 0)
        alsa->device.counters.losses++;
    device_thread_return(alsa->thread, alsa, card, error);
}

void alsa_device_poll(struct alsa_device *alsa, int64_t now_ns)
{
    if (alsa->card == NULL) {
        alsa->card = atomic_exchange_explicit(&alsa->ready, NULL, memory_order_acq_rel);
        if (alsa->card == NULL)
            return;
        alsa->taken_ns = now_ns;
    }
    int error = card_fetch(alsa->card, now_ns);
    int64_t last = alsa->card->last_samples_ns > alsa->taken_ns ? alsa->card->last_samples_ns : alsa->taken_ns;
    if (error == 0 && alsa->card->capture.pcm != NULL && now_ns - last > SILENCE_LIMIT_NS)
        error = -ETIMEDOUT;
    if (error != 0)
        give_back(alsa, error);
}

void alsa_device_drop(struct alsa_device *alsa)
{
    if (alsa->card != NULL)
        give_back(alsa, 0);
}

static void capture(struct device *device, int16_t frame[MEDIA_FRAME_SAMPLES])
{
    struct alsa_device *alsa = (struct alsa_device *)device;
    if (alsa->card != NULL && card_get(alsa->card, frame, alsa->master)) {
        device->counters.captured += MEDIA_FRAME_SAMPLES;
        return;
    }
    memset(frame, 0, MEDIA_FRAME_SAMPLES * sizeof *frame);
    device->counters.capture_underruns += alsa->card != NULL && alsa->card->capture.pcm != NULL;
}

static void play(struct device *device, const int16_t frame[MEDIA_FRAME_SAMPLES])
{
    struct alsa_device *alsa = (struct alsa_device *)device;
    if (alsa->card == NULL || alsa->card->playback.pcm == NULL)
        return;
    int error = card_put(alsa->card, frame);
    if (error == 0)
        device->counters.played += MEDIA_FRAME_SAMPLES;
    else if (error == -ENOBUFS)
        device->counters.playback_overruns++;
    else
        give_back(alsa, error);
}

static double delay_ms(const struct device *device)
{
    const struct alsa_device *alsa = (const struct alsa_device *)device;
    return alsa->card == NULL ? 0 : alsa->card->capture.match.delay_ms + alsa->card->playback.match.delay_ms;
}

static void measure(struct device *device, struct media_device_statistics *statistics)
{
    const struct alsa_device *alsa = (const struct alsa_device *)device;
    if (alsa->card == NULL)
        return;
    statistics->capture_delay_ms = alsa->card->capture.match.delay_ms;
    statistics->playback_delay_ms = alsa->card->playback.match.delay_ms;
    statistics->capture_drift_ppm = drift_ppm(&alsa->card->capture.match.drift);
    statistics->playback_drift_ppm = drift_ppm(&alsa->card->playback.match.drift);
}

/* The device thread may be opening this very card: it lets go first, then the engine frees the device. */
static void release(struct object *object)
{
    struct alsa_device *alsa = (struct alsa_device *)object;
    if (!alsa->thread->worker.started || !device_thread_request(alsa->thread, REQUEST_CLOSE, alsa))
        alsa_device_free(alsa);
}

static const struct device_backend backend = {capture, play, delay_ms, measure};

struct alsa_device *alsa_device_new(struct device_thread *thread, const struct media_device_config *config)
{
    struct alsa_device *alsa = memory_new(sizeof *alsa);
    if (alsa == NULL)
        return NULL;
    device_init(&alsa->device, &backend, release);
    alsa->config = *config;
    alsa->config.capture[sizeof alsa->config.capture - 1] = '\0';
    alsa->config.playback[sizeof alsa->config.playback - 1] = '\0';
    alsa->thread = thread;
    atomic_init(&alsa->ready, NULL);
    return alsa;
}

void alsa_device_free(struct alsa_device *alsa)
{
    card_close(atomic_exchange(&alsa->ready, NULL));
    card_close(alsa->card);
    enhancer_free(alsa->device.enhancer);
    free(alsa);
}

bool alsa_device_is(const struct device *device)
{
    return device->backend == &backend;
}
