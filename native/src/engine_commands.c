/* What a call from Python becomes on the media thread. Commands come in the order of the calls, and an object is handed back
 * for freeing only here, after the last command that named it. */
#include "engine_internal.h"
#include "srtp_change.h"

/* Takes one pointer out of a small array; the order of the others doesn't matter. */
#define REMOVE_MEMBER(array, count, member)                     \
    do {                                                        \
        for (unsigned i_ = 0; i_ < (count); i_++) {             \
            if ((void *)(array)[i_] == (void *)(member)) {      \
                (array)[i_] = (array)[--(count)];               \
                break;                                          \
            }                                                   \
        }                                                       \
    } while (0)

static void add(struct engine *engine, struct object *object)
{
    struct members *members = &engine->members;
    switch (object->kind) {
    case OBJECT_BUS:
        members->buses[members->bus_count++] = (struct bus *)object;
        break;
    case OBJECT_STREAM:
        members->streams[members->stream_count++] = (struct stream *)object;
        break;
    case OBJECT_DEVICE:
        members->devices[members->device_count++] = (struct device *)object;
        break;
    case OBJECT_TONE:
    case OBJECT_PLAYER:
        members->sounds[members->sound_count++] = (struct sound *)object;
        break;
    case OBJECT_RECORDING:
        writer_thread_request(&engine->writer, WRITER_OPEN, (struct recording *)object);
        break;
    case OBJECT_SRTP_CHANGE:
    case OBJECT_ENHANCER:
    case OBJECT_RECORDED_MESSAGE:
        break;      /* takes no part in ticks */
    }
}

static void silence_sounds_on(struct members *members, const struct object *on)
{
    for (unsigned i = 0; i < members->sound_count; i++) {
        if (members->sounds[i]->on == on)
            members->sounds[i]->on = NULL;
    }
}

static void remove_bus(struct members *members, struct bus *bus)
{
    for (unsigned i = 0; i < members->stream_count; i++) {
        if (members->streams[i]->party.bus == bus)
            members->streams[i]->party.bus = NULL;
    }
    for (unsigned i = 0; i < members->device_count; i++) {
        if (members->devices[i]->party.bus == bus)
            members->devices[i]->party.bus = NULL;
    }
    silence_sounds_on(members, &bus->object);
    REMOVE_MEMBER(members->buses, members->bus_count, bus);
}

static void leave_leader(struct members *members, const struct device *leader)
{
    for (unsigned i = 0; i < members->device_count; i++) {
        if (members->devices[i]->leader == leader)
            members->devices[i]->leader = NULL;
    }
}

/* The link before goes back to the relay thread, and by it up to be freed. */
static void link_stream(struct engine *engine, struct stream *stream, enum stream_link place, struct relay_link *link)
{
    if (stream->links[place] != NULL)
        relay_thread_end(&engine->relay_thread, stream->links[place]);
    stream->links[place] = link;
    if (place == LINK_TURN_RTP || place == LINK_TURN_RTCP)
        stream->reach.streams[place - LINK_TURN_RTP] = link;
    if (link != NULL)
        relay_thread_begin(&engine->relay_thread, link);
}

static void end_links(struct engine *engine, struct stream *stream)
{
    for (unsigned i = 0; i < STREAM_LINKS; i++)
        link_stream(engine, stream, (enum stream_link)i, NULL);
}

static void stop_recording(struct members *members, const struct recording *recording)
{
    for (unsigned i = 0; i < members->stream_count; i++) {
        if (members->streams[i]->recording == recording)
            members->streams[i]->recording = NULL;
    }
}

static void remove_object(struct engine *engine, struct object *object)
{
    struct members *members = &engine->members;
    switch (object->kind) {
    case OBJECT_BUS:
        remove_bus(members, (struct bus *)object);
        break;
    case OBJECT_STREAM:
        stream_leave((struct stream *)object, engine_now(engine));
        end_links(engine, (struct stream *)object);
        REMOVE_MEMBER(members->streams, members->stream_count, object);
        break;
    case OBJECT_DEVICE:
        silence_sounds_on(members, object);
        leave_leader(members, (struct device *)object);
        if (engine->master == (struct alsa_device *)object)
            engine->master = NULL;
        if (alsa_device_is((struct device *)object))
            alsa_device_drop((struct alsa_device *)object);
        REMOVE_MEMBER(members->devices, members->device_count, object);
        break;
    case OBJECT_TONE:
    case OBJECT_PLAYER:
        REMOVE_MEMBER(members->sounds, members->sound_count, object);
        break;
    case OBJECT_RECORDING:              /* the writer thread hands it back */
        stop_recording(members, (struct recording *)object);
        writer_thread_request(&engine->writer, WRITER_CLOSE, (struct recording *)object);
        return;
    case OBJECT_SRTP_CHANGE:
    case OBJECT_ENHANCER:
    case OBJECT_RECORDED_MESSAGE:
        break;
    }
    queue_push(&engine->released, &object);
    engine->events.unsignalled = true;
}

static void configure(struct engine *engine, struct stream *stream, const struct command *command, int64_t now_ns,
                      int64_t wall_ns)
{
    stream_configure(stream, &command->setup, now_ns, wall_ns);
    if (command->other == NULL)
        return;
    struct srtp_change *change = (struct srtp_change *)command->other;
    srtp_change_apply(change, stream->srtp);
    if (stream->slot != NULL)
        continuity_keys_changed(stream->slot, &change->counts);
    queue_push(&engine->released, &command->other);
    engine->events.unsignalled = true;
}

/* The enhancer before goes up to be freed. */
static void enhance(struct engine *engine, struct device *device, struct enhancer *enhancer)
{
    if (device->enhancer != NULL) {
        struct object *before = enhancer_object(device->enhancer);
        queue_push(&engine->released, &before);
        engine->events.unsignalled = true;
    }
    device->enhancer = enhancer;
}

static void record_message(struct engine *engine, struct recording *recording, const struct command *command, int64_t now_ns)
{
    const struct recorded_message *message = (const struct recorded_message *)command->other;
    if (recording_offer(recording, message->flow, now_ns, message->data, message->size))
        recording_keep(recording);
    queue_push(&engine->released, &command->other);
    engine->events.unsignalled = true;
}

static void join(struct party *party, const struct command *command)
{
    if (party->bus != (struct bus *)command->other)
        party->faded = 0;
    party->bus = (struct bus *)command->other;
    party->talk = command->join.talk;
    party->listen = command->join.listen;
    party->gain = command->join.gain;
}

static void apply(struct engine *engine, const struct command *command, int64_t now_ns, int64_t wall_ns)
{
    struct object *object = command->object;
    switch (command->kind) {
    case COMMAND_ADD:
        add(engine, object);
        break;
    case COMMAND_REMOVE:
        remove_object(engine, object);
        break;
    case COMMAND_JOIN:
        join((struct party *)object, command);
        break;
    case COMMAND_LEAVE:
        ((struct party *)object)->bus = NULL;
        break;
    case COMMAND_CONFIGURE:
        configure(engine, (struct stream *)object, command, now_ns, wall_ns);
        break;
    case COMMAND_REACH:
        reach_configure(&((struct stream *)object)->reach, &command->reach);
        break;
    case COMMAND_LINK:
        link_stream(engine, (struct stream *)object, command->link.place, command->link.link);
        break;
    case COMMAND_CONSENT:
        reach_consent(&((struct stream *)object)->reach, command->consent_ms, now_ns);
        break;
    case COMMAND_DIGIT:
        sender_digit(((struct stream *)object)->sender, command->digit.digit, command->digit.milliseconds);
        break;
    case COMMAND_GATE:
        ((struct device *)object)->gate_wanted = command->open;
        break;
    case COMMAND_GAINS:
        ((struct device *)object)->capture_gain = command->gains.capture;
        ((struct device *)object)->playback_gain = command->gains.playback;
        break;
    case COMMAND_FOLLOW:
        ((struct device *)object)->leader = (struct device *)command->other;
        break;
    case COMMAND_ENHANCE:
        enhance(engine, (struct device *)object, command->enhancer);
        break;
    case COMMAND_SIDETONE:
        ((struct device *)object)->sidetone = command->sidetone;
        break;
    case COMMAND_LIMIT:
        limiter_init(&((struct device *)object)->limiter, command->limit.peak, command->limit.mean);
        break;
    case COMMAND_TONE:
        sound_play_tone((struct sound *)object, &command->tone, command->other);
        engine->members.sounding = true;
        break;
    case COMMAND_PLAY:
        sound_play_samples((struct sound *)object, command->other);
        engine->members.sounding = true;
        break;
    case COMMAND_STOP:
        sound_stop((struct sound *)object);
        break;
    case COMMAND_RECORD:
        ((struct stream *)object)->recording = (struct recording *)command->other;
        break;
    case COMMAND_MESSAGE:
        record_message(engine, (struct recording *)object, command, now_ns);
        break;
    case COMMAND_FINISH:
        stop_recording(&engine->members, (struct recording *)object);
        writer_thread_request(&engine->writer, WRITER_FINISH, (struct recording *)object);
        break;
    }
}

void engine_apply_commands(struct engine *engine, int64_t now_ns, int64_t wall_ns)
{
    const struct command *command;
    while ((command = queue_front(&engine->commands)) != NULL) {
        apply(engine, command, now_ns, wall_ns);
        queue_release(&engine->commands);
    }
}
