/* One recording: the ring from the media thread, which never waits, to the writer thread, which may wait for the disk, and the file.
 *
 * Made by the controlling thread. A stream that is recorded puts its packets in, in the clear; what doesn't fit is counted. */
#ifndef IP270_RECORDING_H
#define IP270_RECORDING_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object.h"
#include "pcap.h"
#include "queue.h"

enum { RECORDING_QUEUE = 512 };         /* packets the disk may be late by: five seconds of a call at 20 ms */

struct recorded {
    int64_t time_ns;                    /* on the engine's clock */
    struct pcap_flow flow;
    uint16_t size;
    uint8_t data[PCAP_PAYLOAD_MAX];
};

struct recording {
    struct object object;
    bool finishing;                     /* the controlling thread's own: it was asked for */
    struct queue queue;                 /* struct recorded */
    atomic_ullong lost;                 /* packets there was no room for */
    char path[PATH_MAX];
    uint64_t limit;                     /* of the file, in bytes */
    int64_t wall_offset_ns;             /* from the engine's clock to CLOCK_REALTIME, as it was at the beginning */
    atomic_uint *alive;                 /* counts all recordings that there are */

    /* The writer thread's own. */
    int descriptor;                     /* -1: not open */
    uint64_t size;
    int64_t last_ns;                    /* when its last packet of RTP was sent or came */
    bool writing;                       /* packets have been written lately, as was told */
    bool ended;                         /* its end was told */
};

/* A message of the dummy signalling on its way to a ring. */
struct recorded_message {
    struct object object;
    struct pcap_flow flow;
    uint16_t size;
    uint8_t data[PCAP_PAYLOAD_MAX];
};

/* Controlling thread. NULL when there is no memory. */
struct recording *recording_new(const char *path, uint64_t limit, int64_t wall_offset_ns, atomic_uint *alive);
struct recorded_message *recorded_message_new(bool outbound, const uint8_t *data, size_t size);

/* Media thread: a packet that is about to be sent, or has come, kept once `recording_keep` is called; false when there is no room. */
bool recording_offer(struct recording *recording, struct pcap_flow flow, int64_t time_ns, const uint8_t *data, size_t size);
void recording_keep(struct recording *recording);

#endif
