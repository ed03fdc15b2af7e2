/* What the media thread asks of the scheduler and of the memory manager. */
#ifndef IP270_REALTIME_H
#define IP270_REALTIME_H

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
