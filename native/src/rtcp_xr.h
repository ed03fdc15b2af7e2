/* rtcp_xr.h: extended reports (RFC 3611): the VoIP metrics block, read and written.
 *
 * The fields are as on the wire: shares of 256, milliseconds, scores times ten. 127 stands for "not known" where RFC 3611 says so.
 */
#ifndef IP270_RTCP_XR_H
#define IP270_RTCP_XR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ip270_media.h"

enum {
    RTCP_XR_BODY_SIZE = 4 + 36,          /**< Of a packet with one VoIP metrics block, without the RTCP head */
    RTCP_XR_UNKNOWN = 127,
    RTCP_XR_CONCEALS = 3 << 6,           /**< Receiver configuration: standard packet loss concealment       */
    RTCP_XR_ADAPTS = 3 << 4,             /**< ... and an adaptive jitter buffer                              */
};

/** RFC 3611, 4.7. */
struct rtcp_voip_metrics {
    uint32_t ssrc;                       /**< Source this block is about                                     */
    struct media_voip_metrics values;
};

/** Looks for VoIP metrics in the body of one XR packet, and keeps at most `capacity` of them; blocks of other types are passed
    over. Returns how many, or 0 where the lengths don't add up: what is broken says nothing. */
unsigned rtcp_xr_read(struct rtcp_voip_metrics *blocks, unsigned capacity, const uint8_t *body, size_t size);

/** Writes RTCP_XR_BODY_SIZE bytes. `ssrc` is the reporter's. */
void rtcp_xr_write(uint8_t *body, uint32_t ssrc, const struct rtcp_voip_metrics *block);

#endif
