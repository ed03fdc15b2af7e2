#include "clock.h"

#include <errno.h>
#include <sys/timerfd.h>

enum { NS_PER_S = 1000 * 1000 * 1000 };

int64_t clock_of(const struct timespec *time)
{
    return (int64_t)time->tv_sec * NS_PER_S + time->tv_nsec;
}

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return clock_of(&now);
}

int64_t clock_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

int clock_timer_new(void)
{
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    return timer < 0 ? -errno : timer;
}

int clock_timer_start(int timer, int64_t first_ns)
{
    struct itimerspec setting = {
        .it_value = {.tv_sec = first_ns / NS_PER_S, .tv_nsec = first_ns % NS_PER_S},
        .it_interval = {.tv_nsec = TICK_NS},
    };
    return timerfd_settime(timer, TFD_TIMER_ABSTIME, &setting, NULL) < 0 ? -errno : 0;
}
