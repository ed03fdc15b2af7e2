#include "sample_ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

int sample_ring_init(struct sample_ring *ring, size_t capacity)
{
    if (capacity == 0 || (capacity & (capacity - 1)) != 0)
        return -EINVAL;
    ring->samples = memory_new(capacity * sizeof *ring->samples);
    if (ring->samples == NULL)
        return -ENOMEM;
    ring->capacity = capacity;
    atomic_init(&ring->head, 0);
    atomic_init(&ring->tail, 0);
    return 0;
}

void sample_ring_free(struct sample_ring *ring)
{
    free(ring->samples);
    ring->samples = NULL;
}

size_t sample_ring_put(struct sample_ring *ring, const int16_t *samples, size_t count)
{
    size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    count = least(count, ring->capacity - (head - tail));
    size_t at = head & (ring->capacity - 1);
    size_t first = least(count, ring->capacity - at);
    memcpy(ring->samples + at, samples, first * sizeof *samples);
    memcpy(ring->samples, samples + first, (count - first) * sizeof *samples);
    atomic_store_explicit(&ring->head, head + count, memory_order_release);
    return count;
}

size_t sample_ring_get(struct sample_ring *ring, int16_t *samples, size_t count)
{
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    size_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    count = least(count, head - tail);
    size_t at = tail & (ring->capacity - 1);
    size_t first = least(count, ring->capacity - at);
    memcpy(samples, ring->samples + at, first * sizeof *samples);
    memcpy(samples + first, ring->samples, (count - first) * sizeof *samples);
    atomic_store_explicit(&ring->tail, tail + count, memory_order_release);
    return count;
}

size_t sample_ring_count(const struct sample_ring *ring)
{
    size_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    return atomic_load_explicit(&ring->head, memory_order_acquire) - tail;
}
