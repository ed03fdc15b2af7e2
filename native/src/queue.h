/* A lock-free ring of equal slots between exactly one producer thread and one consumer thread.
 *
 * Neither side ever waits for the other. A slot is filled in place: reserve, write, commit; front, read, release. */
#ifndef IP270_QUEUE_H
#define IP270_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { CACHE_LINE = 64 };

struct queue {
    _Alignas(CACHE_LINE) atomic_size_t head;    /* next slot to fill; written by the producer only */
    _Alignas(CACHE_LINE) atomic_size_t tail;    /* next slot to empty; written by the consumer only */
    _Alignas(CACHE_LINE) unsigned char *slots;
    size_t slot_size;
    size_t capacity;                            /* a power of two */
};

/* Allocates and touches every page, so that neither side faults later. 0, -EINVAL (capacity is no power of two) or -ENOMEM. */
int queue_init(struct queue *queue, size_t capacity, size_t slot_size);
void queue_free(struct queue *queue);

void *queue_reserve(struct queue *queue);       /* producer: the next slot, or NULL when the ring is full */
void queue_commit(struct queue *queue);         /* producer: hands the reserved slot over */
void *queue_front(struct queue *queue);         /* consumer: the oldest slot, or NULL when the ring is empty */
void queue_release(struct queue *queue);        /* consumer: gives the front slot back */

bool queue_push(struct queue *queue, const void *item);     /* copies one slot in; false when full */
bool queue_pop(struct queue *queue, void *item);            /* copies one slot out; false when empty */
size_t queue_count(const struct queue *queue);              /* either side: how many slots are filled, at least */

#endif
