/* Capture files that every analyser reads: pcap (draft-ietf-opsawg-pcap), Ethernet, and IPv4 and UDP around each payload.
 *
 * The addresses are dummies of RFC 5737, and the ports are fixed: what matters of a recording is what was said, and not by which
 * way (ICE, a relay, IPv6) it travelled. */
#ifndef IP270_PCAP_H
#define IP270_PCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PCAP_HEADER_BYTES = 24,
    PCAP_FRAME_BYTES = 16 + 14 + 20 + 8,        /* before each payload: the record's header, Ethernet, IPv4 and UDP */
    PCAP_PAYLOAD_MAX = 1500,
    PCAP_RTP_PORT_LOCAL = 16386,
    PCAP_RTP_PORT_REMOTE = 16388,
    PCAP_SIP_PORT = 5060,
};

/* Who sent a payload, and on which of the two flows. */
struct pcap_flow {
    bool outbound;                      /* by this phone */
    bool signalling;                    /* SIP; else RTP */
};

/* What a file begins with. */
void pcap_header(uint8_t header[PCAP_HEADER_BYTES]);

/* What stands before a payload of `size` bytes, at most PCAP_PAYLOAD_MAX, that was sent or came at a time of CLOCK_REALTIME. */
void pcap_frame(uint8_t frame[PCAP_FRAME_BYTES], struct pcap_flow flow, int64_t wall_ns, size_t size);

#endif
