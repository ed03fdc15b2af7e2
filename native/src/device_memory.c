#include "device_memory.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

static void capture(struct device *device, int16_t frame[MEDIA_FRAME_SAMPLES])
{
    struct memory_device *memory = (struct memory_device *)device;
    size_t count = sample_ring_get(&memory->microphone, frame, MEDIA_FRAME_SAMPLES);
    memset(frame + count, 0, (MEDIA_FRAME_SAMPLES - count) * sizeof *frame);
    device->counters.captured += count;
    device->counters.capture_underruns += count < MEDIA_FRAME_SAMPLES;
}

static void play(struct device *device, const int16_t frame[MEDIA_FRAME_SAMPLES])
{
    struct memory_device *memory = (struct memory_device *)device;
    size_t count = sample_ring_put(&memory->earpiece, frame, MEDIA_FRAME_SAMPLES);
    device->counters.played += count;
    device->counters.playback_overruns += count < MEDIA_FRAME_SAMPLES;
}

/* What waits there waits for whoever feeds and takes. */
static double delay_ms(const struct device *device)
{
    (void)device;
    return 0;
}

static void measure(struct device *device, struct media_device_statistics *statistics)
{
    const struct memory_device *memory = (const struct memory_device *)device;
    statistics->capture_delay_ms = (double)sample_ring_count(&memory->microphone) / 16;
    statistics->playback_delay_ms = (double)sample_ring_count(&memory->earpiece) / 16;
}

static void release(struct object *object)
{
    struct memory_device *memory = (struct memory_device *)object;
    sample_ring_free(&memory->microphone);
    sample_ring_free(&memory->earpiece);
    enhancer_free(memory->device.enhancer);
    free(memory);
}

static const struct device_backend backend = {capture, play, delay_ms, measure};

struct memory_device *memory_device_new(void)
{
    struct memory_device *memory = memory_new(sizeof *memory);
    if (memory == NULL)
        return NULL;
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
