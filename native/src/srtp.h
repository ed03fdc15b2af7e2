/* srtp.h: the cryptographic context of one direction of a stream (RFC 3711, 3.2), over libsrtp2.
 *
 * Made and freed by the controlling thread; protect and unprotect belong to the media thread and work in place. libsrtp2 allocates
 * when an authenticated packet of a new source has come, and never else (docs/threads.md).
 */
#ifndef IP270_SRTP_H
#define IP270_SRTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>


enum {
    SRTP_TRAILER_MAX = 148,             /**< Room that libsrtp2 wants behind a packet to protect; it adds at most 20 octets   */
    SRTP_SOURCES_MAX = 32,              /**< Sources that may follow each other under one key; each costs memory              */
};

enum srtp_direction { SRTP_INBOUND, SRTP_OUTBOUND, SRTP_DIRECTIONS };

enum srtp_verdict {
    SRTP_ACCEPTED,
    SRTP_REFUSED,                       /**< Not authentic: forged, damaged, not encrypted at all, or of one source too many  */
    SRTP_REPLAYED,                      /**< Came before, or is older than the replay window                                  */
};

/** How far a source has come. */
struct srtp_position {
    uint32_t ssrc;
    uint64_t index;                     /**< 48 bits: roll-over counter and sequence number (RFC 3711, 3.3.1)                 */
};

struct srtp_context;

/** Octets of master key and salt together that a suite (enum media_srtp_suite) wants; 0 for one there isn't. */
size_t srtp_key_size(unsigned suite);

/** Controlling thread. `key` holds srtp_key_size(suite) octets; an outbound context protects packets of `ssrc` only. NULL when the
    suite is unknown or there is no memory. */
struct srtp_context *srtp_context_new(enum srtp_direction direction, unsigned suite, const uint8_t *key, uint32_t ssrc);
void srtp_context_free(struct srtp_context *context);

/** Controlling thread, before anything else is done with an outbound context: its first packet of RTP has this index, and so many
    reports have left under its key before. False where they are more than can be counted up. */
bool srtp_resume_outbound(struct srtp_context *context, uint32_t ssrc, uint64_t index, uint64_t reports);

/** Likewise, of an inbound one: this source has come so far, and nothing of it is taken that is not newer. */
bool srtp_resume_inbound(struct srtp_context *context, const struct srtp_position *position);

/** Likewise, of its SRTCP: `next` has the lowest index (31 bits; RFC 3711, 3.4) that was not heard before. */
bool srtp_resume_inbound_reports(struct srtp_context *context, const struct srtp_position *next);

/** The index under which the packet was protected that was protected last and had this sequence number. */
uint64_t srtp_index(const struct srtp_context *context, uint32_t ssrc, uint16_t sequence);

/** Of the source whose packet of RTP was accepted last; its SSRC is 0 before there was one. */
struct srtp_position srtp_received(const struct srtp_context *context);

/** Of the source whose SRTCP was accepted last, with one more than the highest index; its SSRC is 0 before there was one. */
struct srtp_position srtp_next_report(const struct srtp_context *context);

/** Encrypts and signs; SRTP_TRAILER_MAX octets of room must follow `size`. The new size, or 0 and nothing may be sent. */
size_t srtp_protect_packet(struct srtp_context *context, uint8_t *packet, size_t size, bool rtcp);

/** Checks and decrypts what came at `now_ns`; `size` becomes that of the plain packet. Unless accepted, the packet must not be used.
    A source that has been sending for up to three hours when it is first heard is found within two seconds. */
enum srtp_verdict srtp_unprotect_packet(struct srtp_context *context, uint8_t *packet, size_t *size, bool rtcp, int64_t now_ns);

#endif
