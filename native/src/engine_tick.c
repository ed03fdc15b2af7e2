/* One tick, every 10 ms.
 *
 *   commands -> packets in -> receivers -> devices in -> mix -> senders, packets out -> devices out -> counters
 *
 * Nothing here waits for another thread, allocates, logs or opens a file. */
#include "engine_internal.h"

#include <string.h>

#include "clock.h"
#include "stream_dtls.h"

enum {
    PUBLISH_TICKS = 20,                 /* counters are published, and RTCP sockets read, every 200 ms */
};

static void receive_streams(struct engine *engine, int64_t now_ns, bool reads)
{
    bool rtcp = engine->ticks % PUBLISH_TICKS == 0;
    for (unsigned i = 0; i < engine->members.stream_count; i++) {
        struct stream *stream = engine->members.streams[i];
        reach_tick(&stream->reach, now_ns);
        stream_receive(stream, &engine->batch, &engine->events, reads, rtcp);
        stream_send_dtls(stream);
        stream_play(stream, &engine->events, now_ns);
    }
}

static void find_connected(struct members *members)
{
    for (unsigned i = 0; i < members->bus_count; i++) {
        mixer_clear(members->buses[i]);
        members->buses[i]->connected = false;
    }
    for (unsigned i = 0; i < members->stream_count; i++) {
        const struct stream *stream = members->streams[i];
        if (stream->configured && stream->setup.connected && stream->party.bus != NULL)
            stream->party.bus->connected = true;
    }
}

static void capture_devices(struct engine *engine, int64_t now_ns)
{
    for (unsigned i = 0; i < engine->members.device_count; i++) {
        struct device *device = engine->members.devices[i];
        if (alsa_device_is(device))
            alsa_device_poll((struct alsa_device *)device, now_ns);
        device_update_gate(device, &engine->events);
        device_capture(device);
    }
}

static void play_sounds(struct engine *engine)
{
    int16_t frame[MEDIA_FRAME_SAMPLES];
    if (!engine->members.sounding)
        return;
    engine->members.sounding = false;
    for (unsigned i = 0; i < engine->members.sound_count; i++) {
        struct sound *sound = engine->members.sounds[i];
        struct object *on = sound->on;
        if (!sound_get(sound, frame, &engine->events))
            continue;
        engine->members.sounding = true;
        if (on->kind == OBJECT_BUS)
            mixer_add_sound((struct bus *)on, frame);
        else
            device_overlay((struct device *)on, frame);
    }
}

static void mix(struct members *members)
{
    for (unsigned i = 0; i < members->stream_count; i++)
        mixer_add(&members->streams[i]->party);
    for (unsigned i = 0; i < members->device_count; i++)
        mixer_add(&members->devices[i]->party);
}

static void send_streams(struct engine *engine, int64_t now_ns)
{
    bool stepped = engine->clock == MEDIA_CLOCK_STEPPED;
    for (unsigned i = 0; i < engine->members.stream_count; i++) {
        mixer_hear(&engine->members.streams[i]->party);
        if (stream_send(engine->members.streams[i], now_ns) && !stepped)
            lateness_add(&engine->departure, clock_now() - engine->deadline);
    }
}

static void play_devices(struct members *members)
{
    for (unsigned i = 0; i < members->device_count; i++) {
        device_update_idle(members->devices[i]);
        if (!members->devices[i]->idle)
            mixer_hear(&members->devices[i]->party);
    }
    for (unsigned i = 0; i < members->device_count; i++) {
        struct device *device = members->devices[i];
        if (device->leader != NULL)
            memcpy(device->party.heard, device->leader->party.heard, sizeof device->party.heard);
    }
    for (unsigned i = 0; i < members->device_count; i++)
        device_play(members->devices[i]);
}

static void give_far_end(const struct members *members, struct device *device)
{
    int16_t sum[MEDIA_FRAME_SAMPLES];
    memcpy(sum, device->party.heard, sizeof sum);
    for (unsigned i = 0; i < members->device_count; i++) {
        if (members->devices[i]->leader == device)
            mixer_overlay(sum, members->devices[i]->party.heard);
    }
    enhancer_far(device->enhancer, sum);
}

static void give_far_ends(struct members *members)
{
    for (unsigned i = 0; i < members->device_count; i++) {
        if (device_enhances(members->devices[i]))
            give_far_end(members, members->devices[i]);
    }
}

void engine_publish(struct engine *engine)
{
    for (unsigned i = 0; i < engine->members.stream_count; i++)
        stream_publish(engine->members.streams[i]);
    for (unsigned i = 0; i < engine->members.device_count; i++)
        device_publish(engine->members.devices[i]);
    struct media_report report = {
        .policy = engine->policy,
        .clock = engine->paced_by,
        .memory_locked = engine->memory_locked,
        .ticks = engine->ticks,
        .overruns = engine->overruns,
        .late_p50_us = lateness_percentile(&engine->lateness, 0.5),
        .late_p99_us = lateness_percentile(&engine->lateness, 0.99),
        .late_p999_us = lateness_percentile(&engine->lateness, 0.999),
        .late_max_us = (double)engine->lateness.max_ns / 1000,
        .departure_p50_us = lateness_percentile(&engine->departure, 0.5),
        .departure_p99_us = lateness_percentile(&engine->departure, 0.99),
        .departure_p999_us = lateness_percentile(&engine->departure, 0.999),
        .departure_max_us = (double)engine->departure.max_ns / 1000,
        .busy_us_mean = engine->ticks == 0 ? 0 : (double)engine->busy_ns / 1000 / (double)engine->ticks,
        .busy_us_max = (double)engine->busy_max_ns / 1000,
    };
    for (unsigned i = 0; i < engine->members.device_count; i++)
        report.device_xruns += engine->members.devices[i]->counters.xruns;
    snapshot_write(&engine->report, &report, sizeof report);
}

/* The worst of the microphones that this stream hears. */
static double echo_loss(const struct members *members, const struct stream *stream)
{
    double worst = -1;
    for (unsigned i = 0; i < members->device_count; i++) {
        const struct device *device = members->devices[i];
        if (!device_enhances(device) || device->party.bus != stream->party.bus)
            continue;
        double loss = enhancer_echo_loss(device->enhancer);
        if (loss >= 0 && (worst < 0 || loss < worst))
            worst = loss;
    }
    return worst;
}

void engine_send_reports(struct engine *engine, int64_t now_ns)
{
    for (unsigned i = 0; i < engine->members.stream_count; i++) {
        struct stream *stream = engine->members.streams[i];
        if (stream_report_due(stream, now_ns))
            stream_report(stream, echo_loss(&engine->members, stream), now_ns);
    }
}

void engine_tick(struct engine *engine, int64_t now_ns, int64_t wall_ns, bool reads)
{
    engine_apply_commands(engine, now_ns, wall_ns);
    receive_streams(engine, now_ns, reads);
    find_connected(&engine->members);
    capture_devices(engine, now_ns);
    play_sounds(engine);
    mix(&engine->members);
    send_streams(engine, now_ns);
    play_devices(&engine->members);
    give_far_ends(&engine->members);
    engine->ticks++;
    if (engine->ticks % PUBLISH_TICKS == 0)
        engine_publish(engine);
    events_flush(&engine->events);
    relay_thread_flush(&engine->relay_thread);
}
