/* A sound device as a party on a bus:
 *
 *   back end capture -> gain -> enhancer -> microphone gate -> party.input -> bus
 *        bus -> party.heard (+ sounds) -> gain -> limiter -> (+ sidetone) -> back end play
 *
 * What leaves the limiter is the enhancer's far end: the engine gives it back at the end of the tick, with that of the devices that
 * follow this one, since the microphone hears them all. The sidetone is no part of it, being the user's own voice.
 *
 * The gate lets sound out only while it was asked to and a connected stream shares the bus: no caller hears the room before
 * the call is up, whatever the rooms above forget. */
#ifndef IP270_DEVICE_H
#define IP270_DEVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "enhancer.h"
#include "events.h"
#include "level.h"
#include "limiter.h"
#include "mixer.h"
#include "snapshot.h"

struct device;

struct device_backend {
    /* Media thread, once per tick each; never wait. capture always fills `frame`. */
    void (*capture)(struct device *device, int16_t frame[MEDIA_FRAME_SAMPLES]);
    void (*play)(struct device *device, const int16_t frame[MEDIA_FRAME_SAMPLES]);
    /* Media thread: how long sound waits in the device, on its way out and in. */
    double (*delay_ms)(const struct device *device);
    /* Media thread: adds what the back end knows to the counters. */
    void (*measure)(struct device *device, struct media_device_statistics *statistics);
};

struct device {
    struct party party;                 /* first: a device is an object and a party on a bus */
    const struct device_backend *backend;
    bool gate_wanted;
    atomic_bool gate_open;
    bool gate_told;                     /* as the last event said */
    float capture_gain;
    float playback_gain;
    struct device *leader;              /* group listening: plays what that one hears. NULL: what its own bus has for it */
    struct enhancer *enhancer;          /* NULL: the microphone is left as it is */
    struct limiter limiter;
    float sidetone;                     /* how much of the open microphone its own ear hears; 0: nothing */
    int16_t own[MEDIA_FRAME_SAMPLES];   /* the microphone as it was, for the sidetone */
    bool overlaid;                      /* there are sounds attached to this device alone in this tick */
    int16_t overlay[MEDIA_FRAME_SAMPLES];   /* ... their sum */
    unsigned silent_ticks;              /* for how many it has had nothing to play, as far as that matters */
    bool idle;                          /* it has nothing to play, and had nothing: most devices at most times */
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
void device_overlay(struct device *device, const int16_t frame[MEDIA_FRAME_SAMPLES]);    /* a sound for it alone */
void device_update_idle(struct device *device);         /* before any device of this tick hears its bus */
void device_play(struct device *device);
bool device_enhances(const struct device *device);      /* it wants the far end of this tick */
void device_publish(struct device *device);

#endif
