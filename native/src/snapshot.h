/* Counters that one thread publishes and any other reads, without either waiting: a sequence lock.
 *
 * The words are atomics of relaxed order so that a torn read is only ever a value we throw away, never undefined. */
#ifndef IP270_SNAPSHOT_H
#define IP270_SNAPSHOT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum { SNAPSHOT_WORDS = 48, SNAPSHOT_BYTES = SNAPSHOT_WORDS * 8 };

struct snapshot {
    atomic_uint sequence;               /* odd while the writer is at work */
    _Atomic uint64_t words[SNAPSHOT_WORDS];
};

/* Writer: `size` at most SNAPSHOT_BYTES. Call from one thread only. */
void snapshot_write(struct snapshot *snapshot, const void *data, size_t size);

/* Reader: a consistent copy of what was last written; repeats while the writer is between two words. */
void snapshot_read(struct snapshot *snapshot, void *data, size_t size);

#endif
