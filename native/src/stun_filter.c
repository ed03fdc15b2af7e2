#include "stun_filter.h"

#include <string.h>

enum {
    HEADER_BYTES = 20,
    TRANSACTION_TAIL = 12,              /* of the 96 bits at 8, the last 64 */
    CLASS_MASK = 0x0110,
    CLASS_REQUEST = 0x0000,
    CLASS_SUCCESS = 0x0100,
    CLASS_ERROR = 0x0110,
    ATTRIBUTE_HEADER = 4,
    ATTRIBUTE_USERNAME = 0x0006,
    ATTRIBUTES_MAX = 32,
};

static unsigned word(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static uint64_t transaction_of(const uint8_t *packet)
{
    uint64_t tail;
    memcpy(&tail, packet + TRANSACTION_TAIL, sizeof tail);
    return tail;
}

void stun_filter_expect(struct stun_filter *filter, const uint8_t *packet, size_t size)
{
    if (size < HEADER_BYTES || (word(packet) & CLASS_MASK) != CLASS_REQUEST)
        return;
    uint64_t transaction = transaction_of(packet);
    for (unsigned i = 0; i < STUN_AWAITED; i++) {
        if (atomic_load_explicit(&filter->awaited[i], memory_order_relaxed) == transaction)
            return;
    }
    unsigned slot = atomic_fetch_add_explicit(&filter->next, 1, memory_order_relaxed) % STUN_AWAITED;
    atomic_store_explicit(&filter->awaited[slot], transaction, memory_order_relaxed);
}

static bool is_awaited(struct stun_filter *filter, uint64_t transaction)
{
    for (unsigned i = 0; transaction != 0 && i < STUN_AWAITED; i++) {
        uint64_t known = transaction;
        if (atomic_compare_exchange_strong_explicit(&filter->awaited[i], &known, 0, memory_order_relaxed, memory_order_relaxed))
            return true;
    }
    return false;
}

/* USERNAME is "receiver's fragment:sender's fragment" (RFC 8445, 7.2.2). */
static bool names_us(const struct stun_filter *filter, const uint8_t *name, size_t size)
{
    for (unsigned i = 0; i < STUN_FRAGMENTS; i++) {
        size_t length = strlen(filter->fragments[i]);
        if (length != 0 && size > length && memcmp(name, filter->fragments[i], length) == 0 && name[length] == ':')
            return true;
    }
    return false;
}

static bool is_for_us(const struct stun_filter *filter, const uint8_t *packet, size_t size)
{
    size_t place = HEADER_BYTES;
    for (unsigned i = 0; i < ATTRIBUTES_MAX && size - place >= ATTRIBUTE_HEADER; i++) {
        size_t length = word(packet + place + 2), padded = (length + 3) & ~(size_t)3;
        if (length > size - place - ATTRIBUTE_HEADER)
            return false;
        if (word(packet + place) == ATTRIBUTE_USERNAME)
            return names_us(filter, packet + place + ATTRIBUTE_HEADER, length);
        if (padded > size - place - ATTRIBUTE_HEADER)
            return false;
        place += ATTRIBUTE_HEADER + padded;
    }
    return false;
}

bool stun_filter_passes(struct stun_filter *filter, const uint8_t *packet, size_t size)
{
    if (size < HEADER_BYTES)
        return false;
    switch (word(packet) & CLASS_MASK) {
    case CLASS_REQUEST:
        return is_for_us(filter, packet, size);
    case CLASS_SUCCESS:
    case CLASS_ERROR:
        return is_awaited(filter, transaction_of(packet));
    default:
        return false;
    }
}
