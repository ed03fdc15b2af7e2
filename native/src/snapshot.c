#include "snapshot.h"

#include <assert.h>
#include <string.h>

void snapshot_write(struct snapshot *snapshot, const void *data, size_t size)
{
    assert(size <= SNAPSHOT_BYTES);
    uint64_t words[SNAPSHOT_WORDS] = {0};
    memcpy(words, data, size);
    size_t count = (size + 7) / 8;
    unsigned sequence = atomic_load_explicit(&snapshot->sequence, memory_order_relaxed);
    atomic_store_explicit(&snapshot->sequence, sequence + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    for (size_t i = 0; i < count; i++)
        atomic_store_explicit(&snapshot->words[i], words[i], memory_order_relaxed);
    atomic_store_explicit(&snapshot->sequence, sequence + 2, memory_order_release);
}

void snapshot_read(struct snapshot *snapshot, void *data, size_t size)
{
    assert(size <= SNAPSHOT_BYTES);
    uint64_t words[SNAPSHOT_WORDS];
    size_t count = (size + 7) / 8;
    unsigned before, after;
    do {
        before = atomic_load_explicit(&snapshot->sequence, memory_order_acquire);
        for (size_t i = 0; i < count; i++)
            words[i] = atomic_load_explicit(&snapshot->words[i], memory_order_relaxed);
        atomic_thread_fence(memory_order_acquire);
        after = atomic_load_explicit(&snapshot->sequence, memory_order_relaxed);
    } while ((before & 1) != 0 || before != after);
    memcpy(data, words, size);
}
