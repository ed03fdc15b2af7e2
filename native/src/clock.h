/* Time as the engine counts it: nanoseconds of CLOCK_MONOTONIC, and the sleep that paces the media thread. */
#ifndef IP270_CLOCK_H
#define IP270_CLOCK_H

#include <stdint.h>
#include <time.h>

enum { TICK_NS = 10 * 1000 * 1000 };

int64_t clock_now(void);                        /* CLOCK_MONOTONIC */
int64_t clock_wall(void);                       /* CLOCK_REALTIME: what SO_TIMESTAMPNS and NTP time count in */
int64_t clock_of(const struct timespec *time);

/* Returns when clock_now() has reached the deadline; at once when it has passed. */
void clock_sleep_until(int64_t deadline_ns);

#endif
