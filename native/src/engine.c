/* What other threads call: checks, allocates, and leaves a command for the media thread. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "device_memory.h"
#include "engine_internal.h"
#include "memory.h"
#include "realtime.h"

enum { STEPPED_START_NS = 1000 * 1000 * 1000 };

/* --- the table of objects; under `control` --- */

static struct object **slot_of(struct engine *engine, int id)
{
    for (unsigned i = 0; i < OBJECTS_MAX; i++) {
        if (engine->objects[i] != NULL && engine->objects[i]->id == id)
            return &engine->objects[i];
    }
    return NULL;
}

static struct object *find(struct engine *engine, int id)
{
    struct object **slot = id > 0 ? slot_of(engine, id) : NULL;
    return slot == NULL ? NULL : *slot;
}

static struct object *find_kind(struct engine *engine, int id, enum object_kind kind)
{
    struct object *object = find(engine, id);
    return object != NULL && object->kind == kind ? object : NULL;
}

static unsigned limit_of(enum object_kind kind)
{
    switch (kind) {
    case OBJECT_BUS:
        return BUSES_MAX;
    case OBJECT_STREAM:
        return STREAMS_MAX;
    case OBJECT_DEVICE:
        return DEVICES_MAX;
    case OBJECT_TONE:
    case OBJECT_PLAYER:
        return SOUNDS_MAX / 2;
    }
    return 0;
}

static void free_bus(struct object *object)
{
    free(object);
}

/* --- commands --- */

static int send_locked(struct engine *engine, const struct command *command)
{
    if (!queue_push(&engine->commands, command))
        return -ENOBUFS;
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load(&engine->asleep))
        events_signal(engine->wake_descriptor);
    return 0;
}

/* Sends `command` to the object of this number and kind. */
static int command_to(struct engine *engine, int id, enum object_kind kind, struct command *command)
{
    pthread_mutex_lock(&engine->control);
    command->object = find_kind(engine, id, kind);
    int result = command->object == NULL ? -ENOENT : send_locked(engine, command);
    pthread_mutex_unlock(&engine->control);
    return result;
}

/* Free objects that the media thread has let go of; `control` is held. */
static void collect(struct engine *engine)
{
    struct object *object;
    struct alsa_device *device;
    while (queue_pop(&engine->released, &object))
        object->free(object);
    while (queue_pop(&engine->device_thread.released, &device))
        alsa_device_free(device);
}

/* An object on its way out needs no seat: its removal stands in the queue before the newcomer's arrival. */
static int adopt_locked(struct engine *engine, struct object *object)
{
    unsigned same = 0;
    struct object **free_slot = NULL;
    for (unsigned i = 0; i < OBJECTS_MAX; i++) {
        struct object **slot = &engine->objects[i];
        if (*slot == NULL)
            free_slot = free_slot == NULL ? slot : free_slot;
        else
            same += (*slot)->kind == object->kind;
    }
    if (free_slot == NULL || same >= limit_of(object->kind))
        return -EMFILE;
    object->id = engine->next_id;
    struct command command = {.kind = COMMAND_ADD, .object = object};
    int error = send_locked(engine, &command);
    if (error != 0)
        return error;
    *free_slot = object;
    return engine->next_id++;
}

/* Takes ownership of a new object: its number, or a negative errno and it is freed. */
static int adopt(struct engine *engine, struct object *object)
{
    if (object == NULL)
        return -ENOMEM;
    pthread_mutex_lock(&engine->control);
    collect(engine);
    int result = adopt_locked(engine, object);
    pthread_mutex_unlock(&engine->control);
    if (result < 0)
        object->free(object);
    return result;
}

int engine_remove(struct engine *engine, int id)
{
    pthread_mutex_lock(&engine->control);
    struct object **slot = slot_of(engine, id);
    int result = -ENOENT;
    if (slot != NULL) {
        struct command command = {.kind = COMMAND_REMOVE, .object = *slot};
        result = send_locked(engine, &command);
        if (result == 0)
            *slot = NULL;
    }
    pthread_mutex_unlock(&engine->control);
    return result;
}

/* --- life --- */

static int open_descriptors(struct engine *engine)
{
    engine->event_descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    engine->wake_descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (engine->event_descriptor < 0 || engine->wake_descriptor < 0)
        return -errno;
    return 0;
}

static int open_queues(struct engine *engine)
{
    int error = queue_init(&engine->commands, COMMAND_QUEUE, sizeof(struct command));
    if (error == 0)
        error = queue_init(&engine->released, RELEASE_QUEUE, sizeof(struct object *));
    if (error == 0)
        error = events_init(&engine->events, engine->event_descriptor);
    if (error == 0)
        error = device_thread_init(&engine->device_thread, engine->event_descriptor);
    return error;
}

struct engine *engine_new(int clock, int *error)
{
    struct engine *engine = memory_new(sizeof *engine);
    if (engine == NULL) {
        *error = -ENOMEM;
        return NULL;
    }
    engine->clock = (enum media_clock)clock;
    engine->paced_by = clock == MEDIA_CLOCK_STEPPED ? MEDIA_CLOCK_STEPPED : MEDIA_CLOCK_TIMER;
    engine->next_id = 1;
    atomic_store(&engine->stepped_now, STEPPED_START_NS);
    pthread_mutex_init(&engine->control, NULL);
    packet_batch_init(&engine->batch);
    *error = open_descriptors(engine);
    if (*error == 0)
        *error = open_queues(engine);
    if (*error != 0) {
        engine_free(engine);
        return NULL;
    }
    return engine;
}

int engine_start(struct engine *engine)
{
    if (engine->clock == MEDIA_CLOCK_STEPPED || engine->started)
        return 0;
    int error = device_thread_start(&engine->device_thread);
    if (error != 0)
        return error;
    error = realtime_thread_new(&engine->media_thread, "media", engine_run, engine);
    if (error != 0)
        device_thread_stop(&engine->device_thread);
    engine->started = error == 0;
    return error;
}

static void stop_media(struct engine *engine)
{
    if (!engine->started)
        return;
    atomic_store(&engine->stopping, true);
    events_signal(engine->wake_descriptor);
    pthread_join(engine->media_thread, NULL);
    engine->started = false;
}

static void close_descriptor(int descriptor)
{
    if (descriptor > 0)
        close(descriptor);
}

void engine_free(struct engine *engine)
{
    stop_media(engine);
    device_thread_stop(&engine->device_thread);
    if (engine->device_thread.released.slots != NULL) {
        /* What was still on its way down has no media thread any more: let it through, so that nothing is forgotten. */
        engine_apply_commands(engine, engine_now(engine), clock_wall());
        collect(engine);
    }
    for (unsigned i = 0; i < OBJECTS_MAX; i++) {
        if (engine->objects[i] != NULL)
            engine->objects[i]->free(engine->objects[i]);
    }
    device_thread_free(&engine->device_thread);
    queue_free(&engine->commands);
    queue_free(&engine->released);
    events_free(&engine->events);
    close_descriptor(engine->event_descriptor);
    close_descriptor(engine->wake_descriptor);
    pthread_mutex_destroy(&engine->control);
    free(engine);
}

int engine_step(struct engine *engine, uint32_t ticks)
{
    if (engine->clock != MEDIA_CLOCK_STEPPED)
        return -EPERM;
    for (uint32_t i = 0; i < ticks; i++) {
        int64_t now = atomic_load(&engine->stepped_now) + TICK_NS;
        atomic_store(&engine->stepped_now, now);
        engine_tick(engine, now, now);
    }
    engine_publish(engine);
    return 0;
}

int64_t engine_now(const struct engine *engine)
{
    return engine->clock == MEDIA_CLOCK_STEPPED ? atomic_load(&engine->stepped_now) : clock_now();
}

/* --- events and reports --- */

int engine_event_fd(const struct engine *engine)
{
    return engine->event_descriptor;
}

static bool take_event(struct events *events, struct media_event *event)
{
    const struct media_event *front = queue_front(&events->queue);
    if (front == NULL)
        return false;
    memcpy(event, front, offsetof(struct media_event, data) + front->size);
    queue_release(&events->queue);
    return true;
}

int engine_next_event(struct engine *engine, struct media_event *event)
{
    pthread_mutex_lock(&engine->control);
    collect(engine);
    bool found = take_event(&engine->events, event) || take_event(&engine->device_thread.events, event);
    if (!found) {
        /* Clear the wake-up, then look again: what came in between must not be slept over. */
        uint64_t count;
        ssize_t cleared = read(engine->event_descriptor, &count, sizeof count);
        (void)cleared;
        found = take_event(&engine->events, event) || take_event(&engine->device_thread.events, event);
    }
    pthread_mutex_unlock(&engine->control);
    return found;
}

void engine_report(struct engine *engine, struct media_report *report)
{
    snapshot_read(&engine->report, report, sizeof *report);
    report->events_dropped = atomic_load_explicit(&engine->events.dropped, memory_order_relaxed) +
                             atomic_load_explicit(&engine->device_thread.events.dropped, memory_order_relaxed);
}

/* --- buses and parties --- */

int engine_bus_new(struct engine *engine, bool hear_self)
{
    struct bus *bus = memory_new(sizeof *bus);
    if (bus == NULL)
        return -ENOMEM;
    bus->object.kind = OBJECT_BUS;
    bus->object.free = free_bus;
    bus->hear_self = hear_self;
    return adopt(engine, &bus->object);
}

static struct object *find_party(struct engine *engine, int id)
{
    struct object *object = find(engine, id);
    bool is_party = object != NULL && (object->kind == OBJECT_STREAM || object->kind == OBJECT_DEVICE);
    return is_party ? object : NULL;
}

int engine_join(struct engine *engine, int party, int bus, bool talk, bool listen, double gain)
{
    struct command command = {.kind = COMMAND_JOIN, .join = {.talk = talk, .listen = listen, .gain = (float)gain}};
    if (!isfinite(gain) || gain < 0)
        return -EINVAL;
    pthread_mutex_lock(&engine->control);
    command.object = find_party(engine, party);
    command.other = find_kind(engine, bus, OBJECT_BUS);
    int result = command.object == NULL || command.other == NULL ? -ENOENT : send_locked(engine, &command);
    pthread_mutex_unlock(&engine->control);
    return result;
}

int engine_leave(struct engine *engine, int party)
{
    struct command command = {.kind = COMMAND_LEAVE};
    pthread_mutex_lock(&engine->control);
    command.object = find_party(engine, party);
    int result = command.object == NULL ? -ENOENT : send_locked(engine, &command);
    pthread_mutex_unlock(&engine->control);
    return result;
}

/* --- streams --- */

static struct stream *new_stream(void)
{
    struct {
        uint32_t ssrc, timestamp;
        uint64_t seed;
        uint16_t sequence;
    } random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return NULL;
    struct sender_config identity = {
        .ssrc = random.ssrc,
        .first_timestamp = random.timestamp,
        .first_sequence = random.sequence,
    };
    return stream_new(&identity, random.seed);
}

static int adopt_stream(struct engine *engine, struct stream *stream, struct media_stream_info *info)
{
    *info = (struct media_stream_info){
        .ssrc = stream->rtcp.ssrc,
        .rtp_port = stream->port.ports[COMPONENT_RTP],
        .rtcp_port = stream->port.ports[COMPONENT_RTCP],
    };
    return adopt(engine, &stream->party.object);
}

int engine_stream_new(struct engine *engine, const char *address, uint16_t first_port, uint16_t last_port, int dscp,
                      struct media_stream_info *info)
{
    struct stream *stream = new_stream();
    if (stream == NULL)
        return -ENOMEM;
    int error = packet_port_open(&stream->port, address, first_port, last_port, dscp);
    if (error != 0) {
        stream_discard(stream);
        return error;
    }
    return adopt_stream(engine, stream, info);
}

int engine_memory_stream_new(struct engine *engine, struct media_stream_info *info)
{
    struct stream *stream = new_stream();
    if (stream == NULL)
        return -ENOMEM;
    int error = packet_port_open_memory(&stream->port);
    if (error != 0) {
        stream_discard(stream);
        return error;
    }
    return adopt_stream(engine, stream, info);
}

int engine_stream_configure(struct engine *engine, int stream, const struct media_stream_config *config)
{
    struct command command = {.kind = COMMAND_CONFIGURE};
    int error = stream_setup_from(&command.setup, config);
    return error != 0 ? error : command_to(engine, stream, OBJECT_STREAM, &command);
}

int engine_stream_digit(struct engine *engine, int stream, char digit, uint32_t milliseconds)
{
    struct command command = {.kind = COMMAND_DIGIT, .digit = {.digit = digit, .milliseconds = milliseconds}};
    return command_to(engine, stream, OBJECT_STREAM, &command);
}

int engine_stream_statistics(struct engine *engine, int id, struct media_stream_statistics *statistics)
{
    pthread_mutex_lock(&engine->control);
    struct stream *stream = (struct stream *)find_kind(engine, id, OBJECT_STREAM);
    if (stream != NULL)
        snapshot_read(&stream->snapshot, statistics, sizeof *statistics);
    pthread_mutex_unlock(&engine->control);
    return stream == NULL ? -ENOENT : 0;
}

static struct packet_port *find_memory_port(struct engine *engine, int id)
{
    struct stream *stream = (struct stream *)find_kind(engine, id, OBJECT_STREAM);
    return stream != NULL && stream->port.in_memory ? &stream->port : NULL;
}

int engine_stream_push(struct engine *engine, int stream, const uint8_t *data, size_t size, int64_t arrival_ns)
{
    int result = -ENOENT;
    pthread_mutex_lock(&engine->control);
    struct packet_port *port = find_memory_port(engine, stream);
    struct packet *packet = port == NULL ? NULL : queue_reserve(&port->incoming);
    if (port != NULL && packet == NULL)
        result = -ENOBUFS;
    if (packet != NULL) {
        packet->arrival_ns = arrival_ns;
        packet->truncated = size > sizeof packet->data;
        packet->size = packet->truncated ? sizeof packet->data : size;
        memcpy(packet->data, data, packet->size);
        queue_commit(&port->incoming);
        result = 0;
    }
    pthread_mutex_unlock(&engine->control);
    return result;
}

int engine_stream_pop(struct engine *engine, int stream, uint8_t *data, size_t capacity)
{
    int result = -ENOENT;
    pthread_mutex_lock(&engine->control);
    struct packet_port *port = find_memory_port(engine, stream);
    const struct packet *packet = port == NULL ? NULL : queue_front(&port->outgoing);
    if (port != NULL)
        result = 0;
    if (packet != NULL && packet->size <= capacity) {
        memcpy(data, packet->data, packet->size);
        result = (int)packet->size;
        queue_release(&port->outgoing);
    }
    pthread_mutex_unlock(&engine->control);
    return result;
}

/* --- devices --- */

int engine_memory_device_new(struct engine *engine)
{
    struct memory_device *device = memory_device_new();
    return device == NULL ? -ENOMEM : adopt(engine, &device->device.party.object);
}

int engine_alsa_device_new(struct engine *engine, const struct media_device_config *config)
{
    if (engine->clock == MEDIA_CLOCK_STEPPED)
        return -EPERM;
    struct alsa_device *alsa = alsa_device_new(&engine->device_thread, config);
    int id = alsa == NULL ? -ENOMEM : adopt(engine, &alsa->device.party.object);
    if (id < 0)
        return id;
    pthread_mutex_lock(&engine->control);
    bool asked = device_thread_request(&engine->device_thread, REQUEST_OPEN, alsa);
    pthread_mutex_unlock(&engine->control);
    if (asked)
        return id;
    engine_remove(engine, id);
    return -ENOBUFS;
}

int engine_device_set_gate(struct engine *engine, int device, bool open)
{
    struct command command = {.kind = COMMAND_GATE, .open = open};
    return command_to(engine, device, OBJECT_DEVICE, &command);
}

int engine_device_gate_open(struct engine *engine, int id)
{
    pthread_mutex_lock(&engine->control);
    const struct device *device = (const struct device *)find_kind(engine, id, OBJECT_DEVICE);
    int result = device == NULL ? -ENOENT : atomic_load_explicit(&device->gate_open, memory_order_relaxed);
    pthread_mutex_unlock(&engine->control);
    return result;
}

int engine_device_set_gains(struct engine *engine, int device, double capture, double playback)
{
    struct command command = {.kind = COMMAND_GAINS, .gains = {.capture = (float)capture, .playback = (float)playback}};
    if (!isfinite(capture) || capture < 0 || !isfinite(playback) || playback < 0)
        return -EINVAL;
    return command_to(engine, device, OBJECT_DEVICE, &command);
}

int engine_device_statistics(struct engine *engine, int id, struct media_device_statistics *statistics)
{
    pthread_mutex_lock(&engine->control);
    struct device *device = (struct device *)find_kind(engine, id, OBJECT_DEVICE);
    if (device != NULL)
        snapshot_read(&device->snapshot, statistics, sizeof *statistics);
    pthread_mutex_unlock(&engine->control);
    return device == NULL ? -ENOENT : 0;
}

static struct memory_device *find_memory_device(struct engine *engine, int id)
{
    struct device *device = (struct device *)find_kind(engine, id, OBJECT_DEVICE);
    return device != NULL && memory_device_is(device) ? (struct memory_device *)device : NULL;
}

int engine_device_feed(struct engine *engine, int id, const int16_t *samples, size_t count)
{
    pthread_mutex_lock(&engine->control);
    struct memory_device *device = find_memory_device(engine, id);
    int result = device == NULL ? -ENOENT : (int)sample_ring_put(&device->microphone, samples, count);
    pthread_mutex_unlock(&engine->control);
    return result;
}

int engine_device_take(struct engine *engine, int id, int16_t *samples, size_t capacity)
{
    pthread_mutex_lock(&engine->control);
    struct memory_device *device = find_memory_device(engine, id);
    int result = device == NULL ? -ENOENT : (int)sample_ring_get(&device->earpiece, samples, capacity);
    pthread_mutex_unlock(&engine->control);
    return result;
}

int engine_device_pending(struct engine *engine, int id)
{
    pthread_mutex_lock(&engine->control);
    struct memory_device *device = find_memory_device(engine, id);
    int result = device == NULL ? -ENOENT : (int)sample_ring_count(&device->microphone);
    pthread_mutex_unlock(&engine->control);
    return result;
}

/* --- sources --- */

int engine_tone_new(struct engine *engine)
{
    struct sound *sound = sound_new_tone();
    return sound == NULL ? -ENOMEM : adopt(engine, &sound->object);
}

int engine_player_new(struct engine *engine, const int16_t *samples, size_t count, bool loop)
{
    struct sound *sound = sound_new_player(samples, count, loop);
    return sound == NULL ? -ENOMEM : adopt(engine, &sound->object);
}

static int play_on(struct engine *engine, int sound, enum object_kind kind, int on, struct command *command)
{
    pthread_mutex_lock(&engine->control);
    command->object = find_kind(engine, sound, kind);
    command->other = find_kind(engine, on, OBJECT_BUS);
    if (command->other == NULL)
        command->other = find_kind(engine, on, OBJECT_DEVICE);
    bool both = command->object != NULL && command->other != NULL;
    int result = both ? send_locked(engine, command) : -ENOENT;
    pthread_mutex_unlock(&engine->control);
    return result;
}

int engine_tone_play(struct engine *engine, int tone, const struct media_tone *spec, int on)
{
    struct command command = {.kind = COMMAND_TONE};
    struct tone check;
    if (spec->count > MEDIA_TONE_SEGMENTS)
        return -EINVAL;
    command.tone.segment_count = (uint8_t)spec->count;
    command.tone.repeat = spec->repeat;
    for (unsigned i = 0; i < spec->count; i++) {
        const struct media_tone_segment *from = &spec->segments[i];
        struct tone_segment *to = &command.tone.segments[i];
        memcpy(to->frequencies, from->frequencies, sizeof to->frequencies);
        to->frequency_count = from->frequency_count;
        to->level_dbm0 = from->level_dbm0;
        to->on_ms = from->on_ms;
        to->off_ms = from->off_ms;
    }
    if (tone_init(&check, &command.tone) != 0)
        return -EINVAL;
    return play_on(engine, tone, OBJECT_TONE, on, &command);
}

int engine_player_play(struct engine *engine, int player, int on)
{
    struct command command = {.kind = COMMAND_PLAY};
    return play_on(engine, player, OBJECT_PLAYER, on, &command);
}

int engine_sound_stop(struct engine *engine, int sound)
{
    struct command command = {.kind = COMMAND_STOP};
    int result = command_to(engine, sound, OBJECT_TONE, &command);
    return result == -ENOENT ? command_to(engine, sound, OBJECT_PLAYER, &command) : result;
}
