/* Time as the engine counts it: nanoseconds of CLOCK_MONOTONIC, and the timerfd that wakes the media thread. */
#ifndef IP270_CLOCK_H
#define IP270_CLOCK_H

#include <stdint.h>
#include <time.h>

enum { TICK_NS = 10 * 1000 * 1000 };

int64_t clock_now(void);                        /* CLOCK_MONOTONIC */
int64_t clock_wall(void);                       /* CLOCK_REALTIME: what SO_TIMESTAMPNS and NTP time count in */
int64_t clock_of(const struct timespec *time);

/* A timerfd on CLOCK_MONOTONIC; a negative errno on failure. */
int clock_timer_new(void);
/* First expiry at `first_ns`, then every TICK_NS. 0 or a negative errno. */
int clock_timer_start(int timer, int64_t first_ns);

#endif
