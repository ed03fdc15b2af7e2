/* The engine's own structure, shared by its files.
 *
 * What other threads call checks, allocates, and leaves a command for the media thread: engine.c (its life), engine_objects.c (the
 * table of objects and the way down), engine_buses.c, engine_streams.c, engine_dtls.c, engine_devices.c, engine_sounds.c,
 * engine_recordings.c, and engine_events.c (the way up). On the media thread: engine_commands.c (what those calls become),
 * engine_tick.c (what happens every 10 ms) and engine_thread.c (when). */
#ifndef IP270_ENGINE_INTERNAL_H
#define IP270_ENGINE_INTERNAL_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "continuity.h"
#include "device.h"
#include "device_thread.h"
#include "events.h"
#include "ip270_media.h"
#include "lateness.h"
#include "mixer.h"
#include "packet_port.h"
#include "queue.h"
#include "relay_thread.h"
#include "snapshot.h"
#include "sound.h"
#include "stream.h"
#include "writer_thread.h"

enum {
    BUSES_MAX = 32,
    STREAMS_MAX = 64,
    DEVICES_MAX = 16,
    SOUNDS_MAX = 64,
    OBJECTS_MAX = BUSES_MAX + STREAMS_MAX + DEVICES_MAX + SOUNDS_MAX + RECORDINGS_MAX,
    COMMAND_QUEUE = 1024,
    RELEASE_QUEUE = 2048,               /* all live objects and all commands in flight: an acknowledgement always fits */
};

enum command_kind {
    COMMAND_ADD,
    COMMAND_REMOVE,
    COMMAND_JOIN,
    COMMAND_LEAVE,
    COMMAND_CONFIGURE,
    COMMAND_REACH,
    COMMAND_LINK,
    COMMAND_CONSENT,
    COMMAND_DIGIT,
    COMMAND_GATE,
    COMMAND_GAINS,
    COMMAND_FOLLOW,
    COMMAND_ENHANCE,
    COMMAND_SIDETONE,
    COMMAND_LIMIT,
    COMMAND_TONE,
    COMMAND_PLAY,
    COMMAND_STOP,
    COMMAND_RECORD,
    COMMAND_MESSAGE,
    COMMAND_FINISH,
};

struct command {
    enum command_kind kind;
    struct object *object;
    struct object *other;               /* the bus to join, or what it happens on or to */
    union {
        struct {
            bool talk, listen;
            float gain;
        } join;
        struct stream_setup setup;
        struct reach_setup reach;
        int32_t consent_ms;
        struct {
            enum stream_link place;
            struct relay_link *link;    /* NULL: none */
        } link;
        struct {
            char digit;
            uint32_t milliseconds;
        } digit;
        bool open;
        struct {
            float capture, playback;
        } gains;
        struct enhancer *enhancer;      /* NULL: none */
        float sidetone;
        struct {
            float peak, mean;
        } limit;
        struct tone_spec tone;
    };
};

/* The objects that take part in ticks; the media thread's own. */
struct members {
    struct bus *buses[BUSES_MAX];
    struct stream *streams[STREAMS_MAX];
    struct device *devices[DEVICES_MAX];
    struct sound *sounds[SOUNDS_MAX];
    unsigned bus_count, stream_count, device_count, sound_count;
    bool sounding;                      /* some sound may be playing; false spares the tick a look at each */
};

struct engine {
    enum media_clock clock;

    /* Controlling threads, under `control`. The media thread never takes it. */
    pthread_mutex_t control;
    struct object *objects[OBJECTS_MAX];
    int next_id;
    struct continuity *continuity;      /* NULL: how far streams come is not written down */
    SSL_CTX *dtls_context;              /* NULL: no certificate yet */
    int associations;                   /* the number of the last one */
    int connections;                    /* to TURN servers: the number of the last one */
    bool started;
    pthread_t media_thread;

    /* Between the threads. */
    struct queue commands;              /* down: struct command */
    struct queue released;              /* up: struct object *, free to be freed */
    struct events events;               /* up, from the media thread */
    int event_descriptor;
    int wake_descriptor;                /* wakes a media thread that has nothing to do */
    atomic_bool asleep;
    _Atomic uint64_t turns;             /* of the media thread's loop */
    atomic_bool stopping;
    struct device_thread device_thread;
    struct relay_thread relay_thread;
    struct writer_thread writer;
    atomic_uint recordings_alive;       /* those on their way out included */
    struct snapshot report;             /* struct media_report */
    _Atomic int64_t stepped_now;        /* CLOCK_STEPPED: the engine's time */

    /* The media thread's own. */
    struct members members;
    struct packet_batch batch;
    int64_t deadline;                   /* when the running tick should have begun, or the next one should */
    struct alsa_device *master;         /* whose card paces the tick; NULL: none does */
    bool card_stalled;                  /* the master card missed its turn: the timer goes on without waiting for it */
    uint64_t ticks;
    uint64_t overruns;
    struct lateness lateness;
    struct lateness departure;
    int64_t busy_ns;
    int64_t busy_max_ns;
    int32_t policy;
    int32_t paced_by;
    bool memory_locked;
};

/* engine_objects.c; controlling threads. Those named `locked`, and the two that find, want `control` held. */
struct object *engine_find(struct engine *engine, int id);
struct object *engine_find_kind(struct engine *engine, int id, enum object_kind kind);
int engine_send_locked(struct engine *engine, const struct command *command);

/* Sends `command` to the object of this number and kind. */
int engine_command_to(struct engine *engine, int id, enum object_kind kind, struct command *command);

/* Takes ownership of a new object: its number, or a negative errno and it is freed. */
int engine_adopt(struct engine *engine, struct object *object);

/* Frees objects that the media thread has let go of. */
void engine_collect_locked(struct engine *engine);

/* engine_commands.c; media thread. */
void engine_apply_commands(struct engine *engine, int64_t now_ns, int64_t wall_ns);

/* engine_tick.c; media thread. */
/* `reads` is false where a tick before it, in the same wake-up, has emptied the RTP sockets. */
void engine_tick(struct engine *engine, int64_t now_ns, int64_t wall_ns, bool reads);
void engine_publish(struct engine *engine);

/* Sends the RTCP reports that are due, after the tick. `now_ns` is when they really leave, as the far end reckons round trips by it:
 * a tick that is run together with a later one stands for a moment before. */
void engine_send_reports(struct engine *engine, int64_t now_ns);

/* engine_thread.c: the media thread's body. */
void *engine_run(void *engine);

#endif
