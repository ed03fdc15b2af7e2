#include "recording.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

static void free_recording(struct object *object)
{
    struct recording *recording = (struct recording *)object;
    if (recording->descriptor >= 0)
        close(recording->descriptor);
    atomic_fetch_sub(recording->alive, 1);
    queue_free(&recording->queue);
    free(recording);
}

struct recording *recording_new(const char *path, uint64_t limit, int64_t wall_offset_ns, atomic_uint *alive)
{
    struct recording *recording = memory_new(sizeof *recording);
    if (recording == NULL)
        return NULL;
    if (queue_init(&recording->queue, RECORDING_QUEUE, sizeof(struct recorded)) != 0) {
        free(recording);
        return NULL;
    }
    recording->object.kind = OBJECT_RECORDING;
    recording->object.free = free_recording;
    memcpy(recording->path, path, strnlen(path, sizeof recording->path - 1));
    recording->limit = limit;
    recording->wall_offset_ns = wall_offset_ns;
    recording->descriptor = -1;
    recording->alive = alive;
    atomic_fetch_add(alive, 1);
    return recording;
}

static void free_message(struct object *object)
{
    free(object);
}

struct recorded_message *recorded_message_new(bool outbound, const uint8_t *data, size_t size)
{
    struct recorded_message *message = memory_new(sizeof *message);
    if (message == NULL)
        return NULL;
    message->object.kind = OBJECT_RECORDED_MESSAGE;
    message->object.free = free_message;
    message->flow = (struct pcap_flow){.outbound = outbound, .signalling = true};
    message->size = (uint16_t)size;
    memcpy(message->data, data, size);
    return message;
}

bool recording_offer(struct recording *recording, struct pcap_flow flow, int64_t time_ns, const uint8_t *data, size_t size)
{
    struct recorded *slot = queue_reserve(&recording->queue);
    if (slot == NULL || size > sizeof slot->data) {
        atomic_fetch_add_explicit(&recording->lost, 1, memory_order_relaxed);
        return false;
    }
    slot->time_ns = time_ns;
    slot->flow = flow;
    slot->size = (uint16_t)size;
    memcpy(slot->data, data, size);
    return true;
}

void recording_keep(struct recording *recording)
{
    queue_commit(&recording->queue);
}
