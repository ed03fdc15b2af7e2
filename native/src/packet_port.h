/* Where a stream's packets come from and go to: a pair of UDP sockets, or two queues in memory for the stepped clock.
 *
 * Opened and closed by the controlling thread; receive and send belong to the media thread and never block. */
#ifndef IP270_PACKET_PORT_H
#define IP270_PACKET_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "address.h"
#include "queue.h"

enum {
    PACKET_BYTES = 1500,                /* longer datagrams are cut by the kernel and told by `truncated` */
    PACKET_BATCH = 16,
    PACKET_QUEUE = 512,                 /* packets that wait in memory, each way */
};

enum packet_component { COMPONENT_RTP, COMPONENT_RTCP, COMPONENTS };

struct packet {
    int64_t arrival_ns;                 /* on the engine's clock; the kernel's receive time for a socket */
    union address source;
    union address local;                /* our address it was sent to, without port; family 0 where the port has but one */
    bool truncated;
    bool streamed;                      /* it came from a TURN server over TCP or TLS */
    bool relayed;                       /* a TURN server passed it on, and its frame was taken off */
    size_t size;
    uint8_t data[PACKET_BYTES];
};

/* Room for one call of packet_port_receive, shared by all ports of a media thread. */
struct packet_batch {
    struct packet packets[PACKET_BATCH];
    struct mmsghdr messages[PACKET_BATCH];
    struct iovec vectors[PACKET_BATCH];
    _Alignas(8) uint8_t controls[PACKET_BATCH][128];
    int64_t wall_offset_ns;             /* of CLOCK_REALTIME to CLOCK_MONOTONIC, as it was when packets were last received */
};

struct packet_port {
    bool in_memory;
    int everywhere;                     /* the sockets' family where they have all our addresses, else 0 */
    int sockets[COMPONENTS];
    uint16_t ports[COMPONENTS];
    struct queue incoming;
    struct queue outgoing;
};

void packet_batch_init(struct packet_batch *batch);

/* Packets are received at this moment of both clocks: whether the kernel's times of arrival can be believed, because nobody has set
 * the wall clock since the last time. */
bool packet_batch_clock(struct packet_batch *batch, int64_t now_ns, int64_t wall_ns);

/* Binds an even port and the one above it, beginning anywhere in first..last: of `address`, or, where that is empty, of all
 * addresses of both families that this machine has or will have. 0, -EINVAL for the address, -EADDRINUSE when no
 * pair is free, or another negative errno. */
int packet_port_open(struct packet_port *port, const char *address, uint16_t first, uint16_t last, int dscp);
/* Takes over the two sockets that a process before this one had opened so. What waits in them is dropped: it is too old to be
 * heard. 0, or -EINVAL and they stay the caller's: they are none of that kind. */
int packet_port_resume(struct packet_port *port, const int sockets[COMPONENTS]);
int packet_port_open_memory(struct packet_port *port);
void packet_port_close(struct packet_port *port);

/* Fills `batch` with what has arrived and returns how many, at most PACKET_BATCH. */
size_t packet_port_receive(struct packet_port *port, enum packet_component component, struct packet_batch *batch);

/* True when the packet was handed on. `source` says which of our addresses to send from, where there are many; family 0: the
 * kernel's choice. Over a socket any thread may call. */
bool packet_port_send(struct packet_port *port, enum packet_component component, const uint8_t *data, size_t size,
                      const union address *source, const union address *destination);

#endif
