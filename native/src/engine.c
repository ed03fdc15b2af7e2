/* The engine's life: made, started, stepped, freed. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"
#include "engine_internal.h"
#include "memory.h"
#include "realtime.h"

enum { STEPPED_START_NS = 1000 * 1000 * 1000 };

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
    if (error == 0)
        error = relay_thread_init(&engine->relay_thread, engine->event_descriptor);
    if (error == 0)
        error = writer_thread_init(&engine->writer, engine->event_descriptor);
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
    error = relay_thread_start(&engine->relay_thread);
    if (error == 0)
        error = writer_thread_start(&engine->writer);
    if (error == 0)
        error = realtime_thread_new(&engine->media_thread, "media", engine_run, engine);
    if (error != 0) {
        writer_thread_stop(&engine->writer);
        relay_thread_stop(&engine->relay_thread);
        device_thread_stop(&engine->device_thread);
    }
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
    relay_thread_stop(&engine->relay_thread);
    device_thread_stop(&engine->device_thread);
    writer_thread_stop(&engine->writer);
    if (engine->writer.events.queue.slots != NULL) {
        /* What was still on its way down has no media thread any more: let it through, so that nothing is forgotten. */
        engine_apply_commands(engine, engine_now(engine), clock_wall());
        writer_serve(&engine->writer, engine_now(engine));
        engine_collect_locked(engine);
    }
    for (unsigned i = 0; i < OBJECTS_MAX; i++) {
        if (engine->objects[i] != NULL)
            engine->objects[i]->free(engine->objects[i]);
    }
    continuity_close(engine->continuity);
    device_thread_free(&engine->device_thread);
    relay_thread_free(&engine->relay_thread);
    writer_thread_free(&engine->writer);
    SSL_CTX_free(engine->dtls_context);
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
        engine_tick(engine, now, now, true);
        engine_send_reports(engine, now);
        relay_thread_serve(&engine->relay_thread);
    }
    writer_serve(&engine->writer, engine_now(engine));
    engine_publish(engine);
    return 0;
}

int64_t engine_now(const struct engine *engine)
{
    return engine->clock == MEDIA_CLOCK_STEPPED ? atomic_load(&engine->stepped_now) : clock_now();
}

int64_t engine_turns(const struct engine *engine)
{
    bool rests = atomic_load(&engine->asleep) && queue_count(&engine->commands) == 0;
    return rests ? -1 : (int64_t)atomic_load_explicit(&engine->turns, memory_order_relaxed);
}
