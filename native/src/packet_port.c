#include "packet_port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"

enum {
    RECEIVE_BUFFER_BYTES = 128 * 1024,
    CLOCK_STEP_NS = 5 * 1000 * 1000,    /* NTP slews the clock by 0.5 ms in a second; the two readings lie closer than this */
    WAITING_MAX = 2048,                 /* more packets than that buffer holds */
};

/* The kernel writes lengths into the messages it used: they are set back before the next call. */
static void rearm(struct packet_batch *batch, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        batch->messages[i].msg_hdr.msg_namelen = sizeof batch->packets[i].source;
        batch->messages[i].msg_hdr.msg_controllen = sizeof batch->controls[i];
    }
}

void packet_batch_init(struct packet_batch *batch)
{
    memset(batch, 0, sizeof *batch);
    for (size_t i = 0; i < PACKET_BATCH; i++) {
        batch->vectors[i] = (struct iovec){.iov_base = batch->packets[i].data, .iov_len = PACKET_BYTES};
        batch->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &batch->packets[i].source,
            .msg_iov = &batch->vectors[i],
            .msg_iovlen = 1,
            .msg_control = batch->controls[i],
        };
    }
    rearm(batch, PACKET_BATCH);
    batch->wall_offset_ns = clock_wall() - clock_now();
}

static int set_int(int descriptor, int level, int option, int value)
{
    return setsockopt(descriptor, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

/* Each of these is 0 or a negative errno; the first that fails is told. */
static int set_options(int descriptor, int family, int dscp, bool everywhere)
{
    int traffic_class = dscp << 2;
    int error = set_int(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    if (error == 0)
        error = set_int(descriptor, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES);
    if (error == 0 && family == AF_INET6)
        error = set_int(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, !everywhere);
    if (error == 0 && family == AF_INET6)
        error = set_int(descriptor, IPPROTO_IPV6, IPV6_TCLASS, traffic_class);
    if (error == 0 && (family == AF_INET || everywhere))
        error = set_int(descriptor, IPPROTO_IP, IP_TOS, traffic_class);
    if (error == 0 && everywhere)
        error = family == AF_INET6 ? set_int(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
                                   : set_int(descriptor, IPPROTO_IP, IP_PKTINFO, 1);
    return error;
}

static int open_socket(const union address *local, int dscp, bool everywhere)
{
    int descriptor = socket(local->generic.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -errno;
    int error = set_options(descriptor, local->generic.sa_family, dscp, everywhere);
    if (error == 0 && bind(descriptor, &local->generic, address_length(local)) < 0)
        error = -errno;
    if (error != 0) {
        close(descriptor);
        return error;
    }
    return descriptor;
}

static int open_pair(struct packet_port *port, union address *local, uint16_t rtp_port, int dscp)
{
    for (unsigned i = 0; i < COMPONENTS; i++) {
        port->ports[i] = (uint16_t)(rtp_port + i);
        address_set_port(local, port->ports[i]);
        port->sockets[i] = open_socket(local, dscp, port->everywhere != 0);
        if (port->sockets[i] < 0) {
            int error = port->sockets[i];
            if (i == COMPONENT_RTCP)
                close(port->sockets[COMPONENT_RTP]);
            return error;
        }
    }
    return 0;
}

static int open_range(struct packet_port *port, union address *local, uint16_t first, uint16_t last, int dscp)
{
    unsigned first_even = (first + 1U) & ~1U;
    if (first_even == 0 || first_even + 1U > last)
        return -EADDRINUSE;
    unsigned pairs = (last + 1U - first_even) / 2;
    unsigned start = 0;
    /* A random beginning keeps packets of the call before out of the next call's port. */
    if (getrandom(&start, sizeof start, GRND_NONBLOCK) != sizeof start)
        start = (unsigned)clock_now();
    int error = -EADDRINUSE;
    for (unsigned i = 0; i < pairs; i++) {
        error = open_pair(port, local, (uint16_t)(first_even + 2 * ((start + i) % pairs)), dscp);
        if (error != -EADDRINUSE)
            break;
    }
    return error;
}

/* One socket of both families; of IPv4 alone where the kernel has no IPv6. */
static int open_everywhere(struct packet_port *port, uint16_t first, uint16_t last, int dscp)
{
    union address local = {.v6 = {.sin6_family = AF_INET6}};
    port->everywhere = AF_INET6;
    int error = open_range(port, &local, first, last, dscp);
    if (error != -EAFNOSUPPORT && error != -EADDRNOTAVAIL)
        return error;
    local = (union address){.v4 = {.sin_family = AF_INET}};
    port->everywhere = AF_INET;
    return open_range(port, &local, first, last, dscp);
}

int packet_port_open(struct packet_port *port, const char *address, uint16_t first, uint16_t last, int dscp)
{
    union address local;
    port->in_memory = false;
    port->everywhere = 0;
    if (address[0] == '\0')
        return open_everywhere(port, first, last, dscp);
    if (address_parse(&local, address, 0) != 0)
        return -EINVAL;
    return open_range(port, &local, first, last, dscp);
}

static int get_int(int descriptor, int level, int option)
{
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(descriptor, level, option, &value, &size) < 0 ? -errno : value;
}

static void drop_waiting(int descriptor)
{
    uint8_t octet;
    for (unsigned i = 0; i < WAITING_MAX && recv(descriptor, &octet, sizeof octet, MSG_DONTWAIT | MSG_TRUNC) >= 0; i++) {
    }
}

static int resume_socket(struct packet_port *port, enum packet_component component, int descriptor)
{
    union address local;
    socklen_t size = sizeof local;
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || get_int(descriptor, SOL_SOCKET, SO_TYPE) != SOCK_DGRAM ||
        getsockname(descriptor, &local.generic, &size) < 0 || address_port(&local) == 0)
        return -EINVAL;
    int family = local.generic.sa_family;
    if ((family != AF_INET && family != AF_INET6) || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0)
        return -EINVAL;
    bool everywhere = family == AF_INET6 ? get_int(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO) == 1
                                         : get_int(descriptor, IPPROTO_IP, IP_PKTINFO) == 1;
    port->everywhere = everywhere ? family : 0;
    port->sockets[component] = descriptor;
    port->ports[component] = address_port(&local);
    drop_waiting(descriptor);
    return 0;
}

int packet_port_resume(struct packet_port *port, const int sockets[COMPONENTS])
{
    port->in_memory = false;
    int error = resume_socket(port, COMPONENT_RTP, sockets[COMPONENT_RTP]);
    return error != 0 ? error : resume_socket(port, COMPONENT_RTCP, sockets[COMPONENT_RTCP]);
}

int packet_port_open_memory(struct packet_port *port)
{
    port->in_memory = true;
    int error = queue_init(&port->incoming, PACKET_QUEUE, sizeof(struct packet));
    if (error != 0)
        return error;
    error = queue_init(&port->outgoing, PACKET_QUEUE, sizeof(struct packet));
    if (error != 0)
        queue_free(&port->incoming);
    return error;
}

void packet_port_close(struct packet_port *port)
{
    if (port->in_memory) {
        queue_free(&port->incoming);
        queue_free(&port->outgoing);
    } else {
        close(port->sockets[COMPONENT_RTP]);
        close(port->sockets[COMPONENT_RTCP]);
    }
}

static size_t receive_memory(struct packet_port *port, struct packet_batch *batch)
{
    size_t count = 0;
    while (count < PACKET_BATCH && queue_pop(&port->incoming, &batch->packets[count]))
        count++;
    return count;
}

/* Our address that a packet was sent to. */
static void read_local(const struct cmsghdr *part, union address *local)
{
    if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(part), sizeof info);
        local->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = info.ipi6_addr};
        address_unmap(local);
    } else if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(part), sizeof info);
        local->v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = info.ipi_addr};
    }
}

/* The wall time at which the kernel took the packet in, and our address that it came to; what it doesn't tell stays. */
static int64_t read_controls(struct msghdr *header, int64_t arrival, union address *local)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL; part = CMSG_NXTHDR(header, part)) {
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec stamp;
            memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
            arrival = clock_of(&stamp);
        } else {
            read_local(part, local);
        }
    }
    return arrival;
}

/* The kernel stamps in wall time; the engine counts monotonic time, which no clock setting can move. What the kernel stamped
 * before the wall clock was set, and we read after it, tells nothing of when it came. */
bool packet_batch_clock(struct packet_batch *batch, int64_t now_ns, int64_t wall_ns)
{
    int64_t moved = wall_ns - now_ns - batch->wall_offset_ns;
    batch->wall_offset_ns += moved;
    return moved > -CLOCK_STEP_NS && moved < CLOCK_STEP_NS;
}

static size_t receive_socket(int descriptor, struct packet_batch *batch)
{
    int count = recvmmsg(descriptor, batch->messages, PACKET_BATCH, MSG_DONTWAIT, NULL);
    if (count <= 0)
        return 0;
    int64_t now = clock_now(), wall = clock_wall();
    bool steady = packet_batch_clock(batch, now, wall);
    for (int i = 0; i < count; i++) {
        struct packet *packet = &batch->packets[i];
        struct msghdr *header = &batch->messages[i].msg_hdr;
        packet->local.generic.sa_family = AF_UNSPEC;
        packet->streamed = packet->relayed = false;
        int64_t age = wall - read_controls(header, wall, &packet->local);
        packet->arrival_ns = steady && age > 0 && age < 1000LL * TICK_NS ? now - age : now;
        packet->truncated = (header->msg_flags & MSG_TRUNC) != 0;
        packet->size = batch->messages[i].msg_len;
        address_unmap(&packet->source);
    }
    rearm(batch, (size_t)count);
    return (size_t)count;
}

size_t packet_port_receive(struct packet_port *port, enum packet_component component, struct packet_batch *batch)
{
    if (port->in_memory)
        return component == COMPONENT_RTP ? receive_memory(port, batch) : 0;
    return receive_socket(port->sockets[component], batch);
}

/* Room for one IPV6_PKTINFO or IP_PKTINFO. */
union source_control {
    struct cmsghdr header;
    uint8_t room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

static size_t write_source(union source_control *control, int family, const union address *source)
{
    memset(control, 0, sizeof *control);
    if (family == AF_INET) {
        struct in_pktinfo info = {.ipi_spec_dst = source->v4.sin_addr};
        control->header = (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
        memcpy(CMSG_DATA(&control->header), &info, sizeof info);
        return CMSG_SPACE(sizeof info);
    }
    struct in6_pktinfo info = {.ipi6_addr = source->v6.sin6_addr};
    control->header = (struct cmsghdr){.cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
    memcpy(CMSG_DATA(&control->header), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
}

/* From a socket that has many addresses. */
static bool send_from(int descriptor, int family, const uint8_t *data, size_t size, const union address *source,
                      const union address *destination)
{
    union address from = *source, to = *destination;
    union source_control control;
    if (family == AF_INET6) {
        address_map(&from);
        address_map(&to);
    }
    struct iovec vector = {.iov_base = (void *)data, .iov_len = size};
    struct msghdr message = {.msg_name = &to, .msg_namelen = address_length(&to), .msg_iov = &vector, .msg_iovlen = 1};
    if (from.generic.sa_family == family) {
        message.msg_controllen = write_source(&control, family, &from);
        message.msg_control = &control;
    }
    return sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size;
}

bool packet_port_send(struct packet_port *port, enum packet_component component, const uint8_t *data, size_t size,
                      const union address *source, const union address *destination)
{
    if (port->everywhere)
        return send_from(port->sockets[component], port->everywhere, data, size, source, destination);
    if (!port->in_memory)
        return sendto(port->sockets[component], data, size, MSG_DONTWAIT | MSG_NOSIGNAL, &destination->generic,
                      address_length(destination)) == (ssize_t)size;
    struct packet *packet = queue_reserve(&port->outgoing);
    if (packet == NULL || size > sizeof packet->data)
        return false;
    packet->size = size;
    memcpy(packet->data, data, size);
    queue_commit(&port->outgoing);
    return true;
}
