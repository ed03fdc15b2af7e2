/* What the engine's threads ask of the system: how they are made, scheduled and kept in memory. */
#ifndef IP270_REALTIME_H
#define IP270_REALTIME_H

#include <pthread.h>

/* Starts a named thread that takes no signals: those are Python's, whose handlers belong on its main thread. 0 or a negative
 * errno. */
int realtime_thread_new(pthread_t *thread, const char *name, void *(*body)(void *), void *context);

/* The best the system would give us, in the order they are tried. */
enum realtime_policy { POLICY_OTHER, POLICY_NICE, POLICY_RR, POLICY_FIFO };

/* Called by the media thread on itself: SCHED_FIFO 60, else SCHED_RR 60, else nice -19, else what it has. */
enum realtime_policy realtime_enter(void);

/* Touches 128 KiB below the caller's frame so that the stack never faults in a tick. */
void realtime_prefault_stack(void);

/* Locks what the process touches, page by page (MCL_ONFAULT: Python's untouched heap costs nothing). Mappings made later
 * are locked too, but only where RLIMIT_MEMLOCK can't make them fail. 0 or a negative errno; without the right to lock the
 * engine runs on unlocked. */
int realtime_lock_memory(void);

#endif
