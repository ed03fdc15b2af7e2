/* A lock-free ring of 16-bit samples between one producer thread and one consumer thread. */
#ifndef IP270_SAMPLE_RING_H
#define IP270_SAMPLE_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "queue.h"

struct sample_ring {
    _Alignas(CACHE_LINE) atomic_size_t head;
    _Alignas(CACHE_LINE) atomic_size_t tail;
    _Alignas(CACHE_LINE) int16_t *samples;
    size_t capacity;                        /* a power of two */
};

int sample_ring_init(struct sample_ring *ring, size_t capacity);
void sample_ring_free(struct sample_ring *ring);
size_t sample_ring_put(struct sample_ring *ring, const int16_t *samples, size_t count);    /* how many fitted */
size_t sample_ring_get(struct sample_ring *ring, int16_t *samples, size_t count);          /* how many there were */
size_t sample_ring_count(const struct sample_ring *ring);

#endif
