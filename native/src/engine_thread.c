/* The media thread: what wakes it, and how late it was.
 *
 * A wake-up costs as much as the tick itself, so where no card takes and gives sound every 10 ms, ticks between which no packet
 * leaves are run together. Nothing leaves later than it would, and the first of them reads for all: what arrived in between is only
 * heard the sooner.
 *
 * CLOCK_TIMER: a sleep until an absolute time; unlike a timerfd it costs one system call that passes no file and no security hook.
 * CLOCK_CARD: the master card's capture period, and the engine's own clock whenever the card is missing or late, so that no tick is
 * ever left out because of a card. */
#include "engine_internal.h"

#include <poll.h>
#include <unistd.h>

#include "clock.h"
#include "device_alsa.h"
#include "realtime.h"

enum {
    TICKS_TOGETHER = 2,                 /* at most: a command waits for no longer than these take */
    CATCH_UP_TICKS = 50,                /* missed ticks that are made up for; a longer sleep is given up */
    CARD_GRACE_NS = TICK_NS,            /* how late a card may be before the timer takes its tick */
    CARD_LEAD_NS = 3 * TICK_NS,         /* how early: a card without a clock must not run away with us */
    CARD_SMOOTHING = 16,
    CARD_CORRECTION_MAX_NS = TICK_NS / 100,
};

/* `before` is how long ago the tick stands for: others follow it in the same wake-up. */
static void timed_tick(struct engine *engine, int64_t before_ns, bool reads)
{
    int64_t begun = clock_now();
    engine_tick(engine, begun - before_ns, clock_wall() - before_ns, reads);
    if (before_ns == 0)
        engine_send_reports(engine, clock_now());
    int64_t busy = clock_now() - begun;
    engine->busy_ns += busy;
    engine->busy_max_ns = busy > engine->busy_max_ns ? busy : engine->busy_max_ns;
}

/* How many ticks the next wake-up may run: one where a card counts them, else up to that in which a packet leaves. */
static unsigned ticks_together(const struct engine *engine)
{
    const struct members *members = &engine->members;
    unsigned ticks = TICKS_TOGETHER;
    for (unsigned i = 0; i < members->device_count; i++) {
        if (alsa_device_is(members->devices[i]))
            return 1;
    }
    for (unsigned i = 0; i < members->stream_count; i++) {
        unsigned due = stream_ticks_to_packet(members->streams[i]);
        ticks = due < ticks ? due : ticks;
    }
    return ticks;
}

/* Sleeps until the last of the ticks that are run together is due, and runs them, and what was missed. */
static void pace_by_timer(struct engine *engine)
{
    int64_t ticks = ticks_together(engine);
    int64_t due = engine->deadline + (ticks - 1) * TICK_NS;
    engine->paced_by = MEDIA_CLOCK_TIMER;
    clock_sleep_until(due);
    int64_t late = clock_now() - due;
    int64_t missed = late / TICK_NS;
    lateness_add(&engine->lateness, late);
    engine->overruns += (uint64_t)missed;
    ticks += missed;
    if (ticks > CATCH_UP_TICKS) {
        engine->deadline += (ticks - CATCH_UP_TICKS) * TICK_NS;
        ticks = CATCH_UP_TICKS;
    }
    for (int64_t left = ticks - 1; left >= 0; left--) {
        timed_tick(engine, left * TICK_NS, left == ticks - 1);
        engine->deadline += TICK_NS;
    }
}

static bool can_pace(const struct device *device)
{
    const struct alsa_device *alsa = (const struct alsa_device *)device;
    return alsa_device_is(device) && alsa->card != NULL && alsa->card->capture.poll_count != 0;
}

/* The device whose card paces the engine, if cards shall: the same as before while it can, else the first that captures, so that a
 * card that comes back doesn't make all others learn another clock. */
static struct alsa_device *find_master(struct engine *engine)
{
    struct alsa_device *master = engine->master;
    if (engine->clock != MEDIA_CLOCK_CARD || (master != NULL && can_pace(&master->device)))
        return master;
    engine->master = NULL;
    if (master != NULL)
        master->master = false;
    for (unsigned i = 0; i < engine->members.device_count && engine->master == NULL; i++) {
        if (can_pace(engine->members.devices[i]))
            engine->master = (struct alsa_device *)engine->members.devices[i];
    }
    if (engine->master != NULL)
        engine->master->master = true;
    return engine->master;
}

static void wait_for_card(struct alsa_device *master, int64_t until_ns)
{
    struct card_direction *direction = &master->card->capture;
    int64_t left = until_ns - clock_now();
    unsigned short events;
    if (left <= 0)
        return;
    struct timespec timeout = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    if (ppoll(direction->polls, direction->poll_count, &timeout, NULL) > 0)
        snd_pcm_poll_descriptors_revents(direction->pcm, direction->polls, direction->poll_count, &events);
}

/* True when the card has brought a frame in its time; false when it is late, or gone. */
static bool await_card(struct engine *engine, struct alsa_device *master)
{
    int64_t last_call = engine->deadline + (engine->card_stalled ? 0 : CARD_GRACE_NS);
    for (;;) {
        int64_t now = clock_now();
        alsa_device_poll(master, now);
        if (master->card == NULL || now >= last_call)
            return master->card != NULL && card_has_frame(master->card);
        if (!card_has_frame(master->card))
            wait_for_card(master, last_call);
        else if (now >= engine->deadline - CARD_LEAD_NS)
            return true;
        else
            poll(NULL, 0, 1);
    }
}

/* The deadline follows the card's clock slowly, so that lateness is measured against its rate and not its jitter. */
static void pace_by_card(struct engine *engine, struct alsa_device *master)
{
    bool brought = await_card(engine, master);
    int64_t error = clock_now() - engine->deadline;
    engine->card_stalled = !brought;
    engine->paced_by = brought ? MEDIA_CLOCK_CARD : MEDIA_CLOCK_TIMER;
    if (!brought && error < 0)
        return;     /* the card vanished before the tick was due: the timer waits for the rest */
    lateness_add(&engine->lateness, error);
    if (error > CATCH_UP_TICKS * (int64_t)TICK_NS) {
        engine->overruns += (uint64_t)(error / TICK_NS);
        engine->deadline += error;
    }
    timed_tick(engine, 0, true);
    int64_t correction = brought ? error / CARD_SMOOTHING : 0;
    correction = correction > CARD_CORRECTION_MAX_NS ? CARD_CORRECTION_MAX_NS : correction;
    correction = correction < -CARD_CORRECTION_MAX_NS ? -CARD_CORRECTION_MAX_NS : correction;
    engine->deadline += TICK_NS + correction;
}

static bool has_work(const struct engine *engine)
{
    const struct members *members = &engine->members;
    return members->stream_count != 0 || members->device_count != 0 || members->sounding;
}

/* Without streams and devices there is nothing to tick for: sleeps until a command comes. */
static void sleep_until_command(struct engine *engine)
{
    uint64_t count;
    atomic_store(&engine->asleep, true);
    atomic_thread_fence(memory_order_seq_cst);
    if (queue_count(&engine->commands) == 0 && !atomic_load(&engine->stopping)) {
        struct pollfd wake = {.fd = engine->wake_descriptor, .events = POLLIN};
        poll(&wake, 1, -1);
    }
    atomic_store(&engine->asleep, false);
    ssize_t cleared = read(engine->wake_descriptor, &count, sizeof count);
    (void)cleared;
    engine->deadline = clock_now() + TICK_NS;
}

static void leave_all(struct engine *engine)
{
    int64_t now = clock_now();
    engine_apply_commands(engine, now, clock_wall());
    for (unsigned i = 0; i < engine->members.stream_count; i++)
        stream_leave(engine->members.streams[i], now);
}

void *engine_run(void *context)
{
    struct engine *engine = context;
    struct alsa_device *master;
    engine->policy = (int32_t)realtime_enter();
    engine->memory_locked = realtime_lock_memory() == 0;
    realtime_prefault_stack();
    engine_publish(engine);
    engine->deadline = clock_now() + TICK_NS;
    while (!atomic_load_explicit(&engine->stopping, memory_order_relaxed)) {
        atomic_fetch_add_explicit(&engine->turns, 1, memory_order_relaxed);
        if (!has_work(engine) && queue_count(&engine->commands) == 0)
            sleep_until_command(engine);
        else if ((master = find_master(engine)) != NULL)
            pace_by_card(engine, master);
        else
            pace_by_timer(engine);
    }
    leave_all(engine);
    return NULL;
}
