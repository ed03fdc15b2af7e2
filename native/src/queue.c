#include "queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

int queue_init(struct queue *queue, size_t capacity, size_t slot_size)
{
    if (capacity == 0 || (capacity & (capacity - 1)) != 0 || slot_size == 0)
        return -EINVAL;
    queue->slots = memory_new(capacity * slot_size);
    if (queue->slots == NULL)
        return -ENOMEM;
    queue->capacity = capacity;
    queue->slot_size = slot_size;
    atomic_init(&queue->head, 0);
    atomic_init(&queue->tail, 0);
    return 0;
}

void queue_free(struct queue *queue)
{
    free(queue->slots);
    queue->slots = NULL;
}

static void *slot_at(const struct queue *queue, size_t index)
{
    return queue->slots + (index & (queue->capacity - 1)) * queue->slot_size;
}

void *queue_reserve(struct queue *queue)
{
    size_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);
    size_t tail = atomic_load_explicit(&queue->tail, memory_order_acquire);
    return head - tail == queue->capacity ? NULL : slot_at(queue, head);
}

void queue_commit(struct queue *queue)
{
    size_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);
    atomic_store_explicit(&queue->head, head + 1, memory_order_release);
}

void *queue_front(struct queue *queue)
{
    size_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);
    size_t head = atomic_load_explicit(&queue->head, memory_order_acquire);
    return head == tail ? NULL : slot_at(queue, tail);
}

void queue_release(struct queue *queue)
{
    size_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);
    atomic_store_explicit(&queue->tail, tail + 1, memory_order_release);
}

bool queue_push(struct queue *queue, const void *item)
{
    void *slot = queue_reserve(queue);
    if (slot == NULL)
        return false;
    memcpy(slot, item, queue->slot_size);
    queue_commit(queue);
    return true;
}

bool queue_pop(struct queue *queue, void *item)
{
    const void *slot = queue_front(queue);
    if (slot == NULL)
        return false;
    memcpy(item, slot, queue->slot_size);
    queue_release(queue);
    return true;
}

size_t queue_count(const struct queue *queue)
{
    size_t tail = atomic_load_explicit(&queue->tail, memory_order_acquire);
    size_t head = atomic_load_explicit(&queue->head, memory_order_acquire);
    return head - tail;
}
