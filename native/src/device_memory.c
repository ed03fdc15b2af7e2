#include "device_memory.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

static void read_microphone(struct memory_device *memory, int16_t *samples, size_t count)
{
    size_t said = sample_ring_get(&memory->microphone, samples, count);
    memset(samples + said, 0, (count - said) * sizeof *samples);
    memory->device.counters.captured += said;
    memory->device.counters.capture_underruns += said < count;
}

static void write_earpiece(struct memory_device *memory, const int16_t *samples, size_t count)
{
    size_t heard = sample_ring_put(&memory->earpiece, samples, count);
    memory->device.counters.played += heard;
    memory->device.counters.playback_overruns += heard < count;
}

/* Both directions of the card between two ticks, by its own clock. */
static void run_card(struct memory_device *memory)
{
    int16_t samples[MEMORY_CARD_CHUNK];
    size_t count = memory_card_tick(memory->card);
    memory->device.counters.xruns += memory_card_play(memory->card, samples, count) < count;
    write_earpiece(memory, samples, count);
    read_microphone(memory, samples, count);
    match_put(&memory->card->capture, samples, count);
}

static void capture(struct device *device, int16_t frame[MEDIA_FRAME_SAMPLES])
{
    struct memory_device *memory = (struct memory_device *)device;
    if (memory->card == NULL) {
        read_microphone(memory, frame, MEDIA_FRAME_SAMPLES);
        return;
    }
    run_card(memory);
    if (match_capture(&memory->card->capture, frame, false))
        return;
    memset(frame, 0, MEDIA_FRAME_SAMPLES * sizeof *frame);
    device->counters.capture_underruns++;
}

static void play(struct device *device, const int16_t frame[MEDIA_FRAME_SAMPLES])
{
    struct memory_device *memory = (struct memory_device *)device;
    if (memory->card == NULL)
        write_earpiece(memory, frame, MEDIA_FRAME_SAMPLES);
    else
        device->counters.playback_overruns += memory_card_put(memory->card, frame) > 0;
}

/* What waits in the rings waits for whoever feeds and takes. */
static double delay_ms(const struct device *device)
{
    const struct memory_card *card = ((const struct memory_device *)device)->card;
    return card == NULL ? 0 : card->capture.delay_ms + card->playback.delay_ms;
}

static void measure(struct device *device, struct media_device_statistics *statistics)
{
    const struct memory_device *memory = (const struct memory_device *)device;
    const struct memory_card *card = memory->card;
    if (card == NULL) {
        statistics->capture_delay_ms = (double)sample_ring_count(&memory->microphone) / 16;
        statistics->playback_delay_ms = (double)sample_ring_count(&memory->earpiece) / 16;
        return;
    }
    statistics->capture_delay_ms = card->capture.delay_ms;
    statistics->playback_delay_ms = card->playback.delay_ms;
    statistics->capture_drift_ppm = drift_ppm(&card->capture.drift);
    statistics->playback_drift_ppm = drift_ppm(&card->playback.drift);
}

static void release(struct object *object)
{
    struct memory_device *memory = (struct memory_device *)object;
    sample_ring_free(&memory->microphone);
    sample_ring_free(&memory->earpiece);
    enhancer_free(memory->device.enhancer);
    free(memory->card);
    free(memory);
}

static const struct device_backend backend = {capture, play, delay_ms, measure};

struct memory_device *memory_device_new(struct memory_card *card)
{
    struct memory_device *memory = memory_new(sizeof *memory);
    if (memory == NULL) {
        free(card);
        return NULL;
    }
    memory->card = card;
    device_init(&memory->device, &backend, release);
    if (sample_ring_init(&memory->microphone, MEMORY_DEVICE_SAMPLES) != 0 ||
        sample_ring_init(&memory->earpiece, MEMORY_DEVICE_SAMPLES) != 0) {
        release(&memory->device.party.object);
        return NULL;
    }
    return memory;
}

bool memory_device_is(const struct device *device)
{
    return device->backend == &backend;
}
