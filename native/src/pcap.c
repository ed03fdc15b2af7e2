#include "pcap.h"

#include <string.h>

#include "wire.h"

enum {
    MAGIC_MICROSECONDS = 0xa1b2c3d4,
    VERSION_MAJOR = 2,
    VERSION_MINOR = 4,
    SNAP_LENGTH = 65535,
    LINK_ETHERNET = 1,
    RECORD_BYTES = 16,
    ETHERNET_BYTES = 14,
    ETHERTYPE_IPV4 = 0x0800,
    IPV4_BYTES = 20,
    IPV4_VERSION_AND_LENGTH = 0x45,
    IPV4_LIVES = 64,
    IPV4_UDP = 17,
    UDP_BYTES = 8,
};

/* TEST-NET-1, and addresses of Ethernet that nobody was given (the bit of local administration). */
static const uint32_t ADDRESS_LOCAL = 0xc0000201, ADDRESS_REMOTE = 0xc0000202;
static const uint8_t STATION_LOCAL[6] = {2, 0, 0, 0, 0, 1}, STATION_REMOTE[6] = {2, 0, 0, 0, 0, 2};

void pcap_header(uint8_t header[PCAP_HEADER_BYTES])
{
    memset(header, 0, PCAP_HEADER_BYTES);
    wire_put32(header, MAGIC_MICROSECONDS);     /* its byte order is the file's */
    wire_put16(header + 4, VERSION_MAJOR);
    wire_put16(header + 6, VERSION_MINOR);
    wire_put32(header + 16, SNAP_LENGTH);
    wire_put32(header + 20, LINK_ETHERNET);
}

static void put_record(uint8_t *p, int64_t wall_ns, size_t size)
{
    wire_put32(p, (uint32_t)(wall_ns / 1000000000));
    wire_put32(p + 4, (uint32_t)(wall_ns % 1000000000 / 1000));
    wire_put32(p + 8, (uint32_t)size);
    wire_put32(p + 12, (uint32_t)size);
}

static void put_ethernet(uint8_t *p, bool outbound)
{
    memcpy(p, outbound ? STATION_REMOTE : STATION_LOCAL, sizeof STATION_LOCAL);
    memcpy(p + 6, outbound ? STATION_LOCAL : STATION_REMOTE, sizeof STATION_LOCAL);
    wire_put16(p + 12, ETHERTYPE_IPV4);
}

/* RFC 1071. */
static uint16_t checksum(const uint8_t *p, size_t size)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < size; i += 2)
        sum += wire_get16(p + i);
    while (sum > UINT16_MAX)
        sum = (sum & UINT16_MAX) + (sum >> 16);
    return (uint16_t)~sum;
}

static void put_ipv4(uint8_t *p, bool outbound, size_t size)
{
    memset(p, 0, IPV4_BYTES);
    p[0] = IPV4_VERSION_AND_LENGTH;
    wire_put16(p + 2, (uint16_t)(IPV4_BYTES + size));
    p[8] = IPV4_LIVES;
    p[9] = IPV4_UDP;
    wire_put32(p + 12, outbound ? ADDRESS_LOCAL : ADDRESS_REMOTE);
    wire_put32(p + 16, outbound ? ADDRESS_REMOTE : ADDRESS_LOCAL);
    wire_put16(p + 10, checksum(p, IPV4_BYTES));
}

static void put_udp(uint8_t *p, struct pcap_flow flow, size_t size)
{
    uint16_t local = flow.signalling ? PCAP_SIP_PORT : PCAP_RTP_PORT_LOCAL;
    uint16_t remote = flow.signalling ? PCAP_SIP_PORT : PCAP_RTP_PORT_REMOTE;
    wire_put16(p, flow.outbound ? local : remote);
    wire_put16(p + 2, flow.outbound ? remote : local);
    wire_put16(p + 4, (uint16_t)size);
    wire_put16(p + 6, 0);               /* no checksum (RFC 768) */
}

void pcap_frame(uint8_t frame[PCAP_FRAME_BYTES], struct pcap_flow flow, int64_t wall_ns, size_t size)
{
    uint8_t *ethernet = frame + RECORD_BYTES, *ipv4 = ethernet + ETHERNET_BYTES, *udp = ipv4 + IPV4_BYTES;
    put_record(frame, wall_ns, PCAP_FRAME_BYTES - RECORD_BYTES + size);
    put_ethernet(ethernet, flow.outbound);
    put_ipv4(ipv4, flow.outbound, UDP_BYTES + size);
    put_udp(udp, flow, UDP_BYTES + size);
}
