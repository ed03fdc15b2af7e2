#include "device.h"

#include <string.h>

#include "sample.h"

enum { SILENT_TICKS = 2 };            /* after them the limiter, which holds back the end of a frame, has let all of it out */

void device_init(struct device *device, const struct device_backend *backend, void (*free)(struct object *object))
{
    device->party.object.kind = OBJECT_DEVICE;
    device->party.object.free = free;
    device->party.gain = 1;
    device->backend = backend;
    device->capture_gain = 1;
    level_init(&device->capture_level);
    level_init(&device->playback_level);
    device->playback_gain = 1;
    atomic_init(&device->gate_open, false);
}

void device_update_gate(struct device *device, struct events *events)
{
    const struct bus *bus = device->party.bus;
    bool open = device->gate_wanted && device->party.talk && bus != NULL && bus->connected;
    atomic_store_explicit(&device->gate_open, open, memory_order_relaxed);
    /* Again with each tick while there is no room: the lamp for mute must not lie for the rest of the call. */
    if (open != device->gate_told && events_emit(events, MEDIA_EVENT_GATE, device->party.object.id, open, 0))
        device->gate_told = open;
}

void device_capture(struct device *device)
{
    int16_t *input = device->party.input;
    device->backend->capture(device, input);
    if (device->capture_gain != 1)
        mixer_scale(input, device->capture_gain);
    if (device->sidetone > 0)
        memcpy(device->own, input, sizeof device->own);
    if (device_enhances(device))
        enhancer_near(device->enhancer, input, (int)device->backend->delay_ms(device));
    level_add(&device->capture_level, input);
    if (!atomic_load_explicit(&device->gate_open, memory_order_relaxed) && device->party.bus != NULL)
        memset(input, 0, sizeof device->party.input);
    if (device->overlaid)
        memset(device->overlay, 0, sizeof device->overlay);
    device->overlaid = false;
}

void device_overlay(struct device *device, const int16_t frame[MEDIA_FRAME_SAMPLES])
{
    mixer_overlay(device->overlay, frame);
    device->overlaid = true;
}

void device_update_idle(struct device *device)
{
    bool silent = device->party.bus == NULL && device->leader == NULL && !device->overlaid;
    bool settled = device->limiter.peak == 0 || device->limiter.resting;
    device->idle = silent && settled && device->silent_ticks == SILENT_TICKS;
    if (!silent)
        device->silent_ticks = 0;
    else if (device->silent_ticks < SILENT_TICKS)
        device->silent_ticks++;
}

bool device_enhances(const struct device *device)
{
    return device->enhancer != NULL && device->party.bus != NULL && device->party.talk;
}

/* The user's own voice beside what is heard; both together stay below the limiter's peak. */
static void add_sidetone(const struct device *device, const int16_t *heard, int16_t *out)
{
    float most = device->limiter.peak > 0 ? device->limiter.peak : INT16_MAX;
    for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++) {
        float sum = (float)heard[i] + (float)device->own[i] * device->sidetone;
        out[i] = (int16_t)lesser(greater(sum, -most), most);
    }
}

/* What an idle device hears has been noughts before. */
static void play_silence(struct device *device)
{
    limiter_run_silence(&device->limiter);
    level_add_silence(&device->playback_level);
    device->backend->play(device, device->party.heard);
}

static void play_heard(struct device *device)
{
    int16_t *heard = device->party.heard;
    if (device->overlaid)
        mixer_overlay(heard, device->overlay);
    if (device->limiter.peak > 0)
        limiter_run(&device->limiter, heard, device->playback_gain);
    else if (device->playback_gain != 1)
        mixer_scale(heard, device->playback_gain);
    level_add(&device->playback_level, heard);
    if (device->sidetone > 0 && atomic_load_explicit(&device->gate_open, memory_order_relaxed)) {
        int16_t out[MEDIA_FRAME_SAMPLES];
        add_sidetone(device, heard, out);
        device->backend->play(device, out);
    } else {
        device->backend->play(device, heard);
    }
}

void device_play(struct device *device)
{
    if (device->idle)
        play_silence(device);
    else
        play_heard(device);
}

void device_publish(struct device *device)
{
    struct media_device_statistics out = device->counters;
    out.capture_level_dbov = level_take(&device->capture_level);
    out.playback_level_dbov = level_take(&device->playback_level);
    device->backend->measure(device, &out);
    snapshot_write(&device->snapshot, &out, sizeof out);
}
