#include "continuity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "memory.h"

enum {
    SLOTS = 63,
    MAGIC = 0x49503237,                 /* "IP27" */
    VERSION = 3,
    NS_PER_MS = 1000 * 1000,
    MS_PER_S = 1000,
};

/* FNV-1a's, of 32 bits. */
static const uint32_t HASH_BEGIN = 2166136261U, HASH_PRIME = 16777619U;

struct continuity_file {
    uint32_t magic;
    uint32_t version;
    uint8_t reserved[56];
    struct continuity_slot slots[SLOTS];
};

struct continuity {
    struct continuity_file *file;
    bool ours[SLOTS];                   /* taken or found here; the others' streams died with the process before */
};

_Static_assert(sizeof(struct continuity_file) <= MEDIA_CONTINUITY_BYTES, "the file is made by others, of this size");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "no lock may be in memory that outlives us");

static bool fits(int descriptor)
{
    struct stat facts;
    int seals = fcntl(descriptor, F_GET_SEALS);
    return seals >= 0 && (seals & F_SEAL_SHRINK) != 0 && fstat(descriptor, &facts) == 0 &&
           facts.st_size == MEDIA_CONTINUITY_BYTES;
}

int continuity_open(struct continuity **result, int descriptor)
{
    if (!fits(descriptor))
        return -EINVAL;
    struct continuity *continuity = memory_new(sizeof *continuity);
    if (continuity == NULL)
        return -ENOMEM;
    void *memory = mmap(NULL, MEDIA_CONTINUITY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, descriptor, 0);
    if (memory == MAP_FAILED) {
        free(continuity);
        return -errno;
    }
    continuity->file = memory;
    if (continuity->file->magic != MAGIC || continuity->file->version != VERSION) {
        memset(memory, 0, MEDIA_CONTINUITY_BYTES);
        continuity->file->magic = MAGIC;
        continuity->file->version = VERSION;
    }
    *result = continuity;
    return 0;
}

void continuity_close(struct continuity *continuity)
{
    if (continuity == NULL)
        return;
    munmap(continuity->file, MEDIA_CONTINUITY_BYTES);
    free(continuity);
}

static void forget_received(struct continuity_slot *slot)
{
    for (unsigned i = 0; i < SRTP_SOURCES_MAX; i++)
        atomic_store(&slot->received[i].ssrc, 0);
}

static void forget_reports(struct continuity_slot *slot)
{
    for (unsigned i = 0; i < SRTP_SOURCES_MAX; i++)
        atomic_store(&slot->next_report[i], 0);
}

struct continuity_slot *continuity_take(struct continuity *continuity, uint32_t ssrc)
{
    unsigned i = 0;
    while (i < SLOTS && continuity->ours[i] && atomic_load(&continuity->file->slots[i].ssrc) != 0)
        i++;
    if (i == SLOTS || ssrc == 0)
        return NULL;
    continuity->ours[i] = true;
    struct continuity_slot *slot = &continuity->file->slots[i];
    atomic_store(&slot->ssrc, 0);
    atomic_store(&slot->key_check, 0);
    atomic_store(&slot->sent, 0);
    atomic_store(&slot->sent_reports, 0);
    atomic_store(&slot->clock, 0);
    forget_received(slot);
    forget_reports(slot);
    atomic_store(&slot->ssrc, ssrc);
    return slot;
}

static struct srtp_position report_of(uint64_t figure)
{
    return (struct srtp_position){.ssrc = (uint32_t)(figure >> 32), .index = (uint32_t)figure};
}

struct continuity_slot *continuity_find(struct continuity *continuity, uint32_t ssrc, struct continuity_state *state)
{
    unsigned i = 0;
    while (i < SLOTS && (continuity->ours[i] || atomic_load(&continuity->file->slots[i].ssrc) != ssrc))
        i++;
    if (i == SLOTS || ssrc == 0)
        return NULL;
    continuity->ours[i] = true;
    struct continuity_slot *slot = &continuity->file->slots[i];
    uint64_t clock = atomic_load(&slot->clock);
    *state = (struct continuity_state){
        .key_check = atomic_load(&slot->key_check),
        .sent = atomic_load(&slot->sent),
        .sent_reports = atomic_load(&slot->sent_reports),
        .clock_ms = (uint32_t)(clock >> 32),
        .timestamp = (uint32_t)clock,
    };
    for (unsigned k = 0; k < SRTP_SOURCES_MAX; k++) {
        const struct continuity_source *source = &slot->received[k];
        state->received[k] = (struct srtp_position){.ssrc = atomic_load(&source->ssrc), .index = atomic_load(&source->index)};
        state->next_report[k] = report_of(atomic_load(&slot->next_report[k]));
    }
    return slot;
}

void continuity_free(struct continuity_slot *slot)
{
    if (slot != NULL)
        atomic_store(&slot->ssrc, 0);
}

static uint32_t hash(uint32_t value, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        value = (value ^ data[i]) * HASH_PRIME;
    return value;
}

uint32_t continuity_key_check(const struct media_srtp keys[MEDIA_COMPONENTS])
{
    uint32_t value = HASH_BEGIN;
    bool any = false;
    for (unsigned i = 0; i < MEDIA_COMPONENTS; i++) {
        value = hash(value, &keys[i].suite, sizeof keys[i].suite);
        value = hash(value, keys[i].send_key, srtp_key_size(keys[i].suite));
        value = hash(value, keys[i].receive_key, srtp_key_size(keys[i].suite));
        any |= keys[i].suite != MEDIA_SRTP_NONE;
    }
    return any ? value : 0;
}

/* No order between the figures is needed: each is right, or safe, by itself. */
static void store(_Atomic uint64_t *figure, uint64_t value)
{
    atomic_store_explicit(figure, value, memory_order_relaxed);
}

/* The check first: should the process end in between, nothing is taken for a count under the keys before. */
void continuity_keys_changed(struct continuity_slot *slot, const struct continuity_change *change)
{
    if (atomic_load(&slot->key_check) == change->key_check)
        return;
    atomic_store(&slot->key_check, change->key_check);
    if (change->received)
        forget_received(slot);
    if (change->reports)
        forget_reports(slot);
    if (change->sent)                   /* the sequence number goes on, and the roll-over counter begins with 0 */
        atomic_store(&slot->sent, atomic_load(&slot->sent) & UINT16_MAX);
}

void continuity_sending(struct continuity_slot *slot, uint64_t index, uint32_t timestamp, int64_t now_ns)
{
    store(&slot->sent, index + 1);
    store(&slot->clock, (uint64_t)(now_ns / NS_PER_MS) << 32 | timestamp);
}

void continuity_reporting(struct continuity_slot *slot)
{
    store(&slot->sent_reports, atomic_load_explicit(&slot->sent_reports, memory_order_relaxed) + 1);
}

void continuity_received(struct continuity_slot *slot, const struct srtp_position *position)
{
    for (unsigned i = 0; i < SRTP_SOURCES_MAX; i++) {
        struct continuity_source *source = &slot->received[i];
        uint32_t ssrc = atomic_load_explicit(&source->ssrc, memory_order_relaxed);
        if (ssrc != 0 && ssrc != position->ssrc)
            continue;
        store(&source->index, position->index);
        if (ssrc == 0)
            atomic_store(&source->ssrc, position->ssrc);        /* last: till then the index is nobody's */
        return;
    }
}

void continuity_report_received(struct continuity_slot *slot, const struct srtp_position *next)
{
    for (unsigned i = 0; i < SRTP_SOURCES_MAX; i++) {
        uint64_t figure = atomic_load_explicit(&slot->next_report[i], memory_order_relaxed);
        if (figure != 0 && report_of(figure).ssrc != next->ssrc)
            continue;
        store(&slot->next_report[i], (uint64_t)next->ssrc << 32 | (uint32_t)next->index);
        return;
    }
}

uint32_t continuity_timestamp(const struct continuity_state *state, unsigned clock_rate, int64_t now_ns)
{
    uint32_t elapsed_ms = (uint32_t)(now_ns / NS_PER_MS) - state->clock_ms;
    return state->timestamp + (uint32_t)((uint64_t)elapsed_ms * clock_rate / MS_PER_S);
}
