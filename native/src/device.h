/* A sound device as a party on a bus:
 *
 *   back end capture -> gain -> microphone gate -> party.input -> bus -> party.heard (+ sounds) -> gain -> back end play
 *
 * The gate lets sound out only while it was asked to and a connected stream shares the bus: no caller hears the room before
 * the call is up, whatever the rooms above forget. */
#ifndef IP270_DEVICE_H
#define IP270_DEVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "events.h"
#include "level.h"
#include "mixer.h"
#include "snapshot.h"

struct device;

struct device_backend {
    /* Media thread, once per tick each; never wait. capture always fills `frame`. */
    void (*capture)(struct device *device, int16_t frame[MEDIA_FRAME_SAMPLES]);
    void (*play)(struct device *device, const int16_t frame[MEDIA_FRAME_SAMPLES]);
    /* Media thread: adds what the back end knows to the counters. */
    void (*measure)(struct device *device, struct media_device_statistics *statistics);
};

struct device {
    struct party party;                 /* first: a device is an object and a party on a bus */
    const struct device_backend *backend;
    bool gate_wanted;
    atomic_bool gate_open;
    float capture_gain;
    float playback_gain;
    int16_t overlay[MEDIA_FRAME_SAMPLES];   /* sounds attached to this device alone, in this tick */
    struct media_device_statistics counters;
    struct level capture_level;
    struct level playback_level;
    struct snapshot snapshot;           /* struct media_device_statistics */
};

/* Controlling thread: sets up the common part of a zeroed device. */
void device_init(struct device *device, const struct device_backend *backend, void (*free)(struct object *object));

/* Media thread. */
void device_update_gate(struct device *device, struct events *events);
void device_capture(struct device *device);
void device_play(struct device *device);
void device_publish(struct device *device);

#endif
