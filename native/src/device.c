#include "device.h"

#include <string.h>

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
    if (open == atomic_load_explicit(&device->gate_open, memory_order_relaxed))
        return;
    atomic_store_explicit(&device->gate_open, open, memory_order_relaxed);
    events_emit(events, MEDIA_EVENT_GATE, device->party.object.id, open, 0);
}

void device_capture(struct device *device)
{
    int16_t *input = device->party.input;
    device->backend->capture(device, input);
    if (device->capture_gain != 1)
        mixer_scale(input, device->capture_gain);
    level_add(&device->capture_level, input);
    if (!atomic_load_explicit(&device->gate_open, memory_order_relaxed))
        memset(input, 0, sizeof device->party.input);
    memset(device->overlay, 0, sizeof device->overlay);
}

void device_play(struct device *device)
{
    int16_t *out = device->party.heard;
    mixer_overlay(out, device->overlay);
    if (device->playback_gain != 1)
        mixer_scale(out, device->playback_gain);
    level_add(&device->playback_level, out);
    device->backend->play(device, out);
}

void device_publish(struct device *device)
{
    struct media_device_statistics out = device->counters;
    out.capture_level_dbov = level_take(&device->capture_level);
    out.playback_level_dbov = level_take(&device->playback_level);
    device->backend->measure(device, &out);
    snapshot_write(&device->snapshot, &out, sizeof out);
}
