/* rtcp.h: parse and build compound RTCP packets: SR, RR, SDES (CNAME), BYE (RFC 3550 section 6), XR (RFC 3611). */
#ifndef IP270_RTCP_H
#define IP270_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtcp_xr.h"

enum {
    RTCP_PACKET_MAX = 1500,   /**< Longer datagrams are refused                                       */
    RTCP_BLOCKS_MAX = 8,      /**< Report blocks kept of one compound; the rest is skipped            */
    RTCP_BYES_MAX = 8,        /**< Sources kept of one compound's BYE; the rest is skipped            */
    RTCP_METRICS_MAX = 4,     /**< VoIP metrics kept of one compound; the rest is skipped             */
    RTCP_CNAME_MAX = 255,     /**< An SDES item's length is one byte                                  */
    RTCP_REASON_MAX = 255,
};

/** RFC 3550 6.4.1, report block. */
struct rtcp_report_block {
    uint32_t ssrc;                 /**< Source this block is about                                    */
    uint8_t fraction_lost;         /**< Of 256, since the report before                               */
    int32_t cumulative_lost;       /**< 24 bits signed on the wire; saturated when built              */
    uint32_t highest_sequence;     /**< Extended: cycles in the upper half                            */
    uint32_t jitter;               /**< Timestamp units                                               */
    uint32_t last_sr;              /**< Middle 32 bits of the NTP time of the last SR, 0 if none      */
    uint32_t delay_since_last_sr;  /**< 1/65536 s                                                     */
};

/** RFC 3550 6.4.1, sender information. */
struct rtcp_sender_info {
    uint64_t ntp;                  /**< 32.32 seconds since 1900                                      */
    uint32_t rtp_timestamp;
    uint32_t packets;
    uint32_t octets;
};

/** Everything we use of one compound packet; also the form that rtcp_build takes. */
struct rtcp_compound {
    uint32_t ssrc;                                        /**< Sender of the first SR or RR           */
    bool has_sender_info;                                 /**< The report is an SR, otherwise an RR   */
    struct rtcp_sender_info sender;
    unsigned block_count;
    struct rtcp_report_block blocks[RTCP_BLOCKS_MAX];
    unsigned metrics_count;
    struct rtcp_voip_metrics metrics[RTCP_METRICS_MAX];
    char cname[RTCP_CNAME_MAX + 1];                       /**< Terminated; empty when absent. Bytes of the peer: never trust */
    unsigned bye_count;
    uint32_t byes[RTCP_BYES_MAX];                         /**< Sources that leave                     */
    char reason[RTCP_REASON_MAX + 1];                     /**< Of the BYE; terminated, may be empty   */
};

/** Parses one datagram by the rules of RFC 3550 A.2: version 2, lengths add up to the datagram, padding only in the last packet.
    Packet types we don't know are skipped, also as the first, where RFC 3550 has only SR and RR: RFC 5506 lets feedback and APP
    stand alone once agreed on, old peers open a NAT with such a packet unasked, and nothing is taken from it. What we do take,
    SDES and BYE, is refused without a report before it; XR is complete in itself. Returns 0 or -EBADMSG. Any thread. */
int rtcp_parse(struct rtcp_compound *compound, const uint8_t *data, size_t size);

/** Builds SR or RR, then SDES with the CNAME when one is given, an XR for each of the metrics, and BYE when `bye_count` is not 0.
    Returns the compound's size, or 0 when it doesn't fit `capacity`. */
size_t rtcp_build(uint8_t *buffer, size_t capacity, const struct rtcp_compound *compound);

#endif
