#include "jitter.h"

#include <string.h>

static struct jitter_packet *slot(struct jitter_buffer *b, int64_t sequence)
{
    return &b->slots[(uint64_t)sequence % JITTER_SLOTS];
}

void jitter_reset(struct jitter_buffer *b)
{
    for (unsigned i = 0; i < JITTER_SLOTS; i++) {
        b->slots[i].used = false;
    }
    b->started = false;
    b->count = 0;
}

/* Makes `sequence` fit into the ring by giving up what is oldest. */
static void advance(struct jitter_buffer *b, int64_t sequence)
{
    int64_t next = sequence - JITTER_SLOTS + 1;
    int64_t end = next < b->next + JITTER_SLOTS ? next : b->next + JITTER_SLOTS;
    for (int64_t passed = b->next; passed < end; passed++) {
        if (slot(b, passed)->used) {
            slot(b, passed)->used = false;
            b->count--;
            b->overflows++;
        }
    }
    b->next = next;
}

enum jitter_verdict jitter_put(struct jitter_buffer *b, const struct jitter_packet *header, const uint8_t *payload)
{
    if (!b->started) {
        b->started = true;
        b->next = header->sequence;
    }
    if (header->sequence < b->next) {
        return JITTER_LATE;
    }
    if (header->sequence >= b->next + JITTER_SLOTS) {
        advance(b, header->sequence);
    }
    struct jitter_packet *into = slot(b, header->sequence);
    if (into->used) {
        return JITTER_DUPLICATE;
    }
    into->used = true;
    into->sequence = header->sequence;
    into->time = header->time;
    into->codec = header->codec;
    into->noise = header->noise;
    into->samples = header->samples;
    into->size = header->size;
    if (header->size > 0) {
        memcpy(into->payload, payload, header->size);
    }
    b->count++;
    return JITTER_STORED;
}

static const struct jitter_packet *find(const struct jitter_buffer *b, int64_t from, int64_t step)
{
    if (b->count == 0) {
        return NULL;
    }
    for (int64_t i = 0; i < JITTER_SLOTS; i++) {
        const struct jitter_packet *packet = &b->slots[(uint64_t)(from + i * step) % JITTER_SLOTS];
        if (packet->used) {
            return packet;
        }
    }
    return NULL;
}

const struct jitter_packet *jitter_first(const struct jitter_buffer *b)
{
    return find(b, b->next, 1);
}

const struct jitter_packet *jitter_last(const struct jitter_buffer *b)
{
    return find(b, b->next + JITTER_SLOTS - 1, -1);
}

void jitter_drop_first(struct jitter_buffer *b)
{
    const struct jitter_packet *first = jitter_first(b);
    if (first != NULL) {
        slot(b, first->sequence)->used = false;
        b->next = first->sequence + 1;
        b->count--;
    }
}
