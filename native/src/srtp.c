#include "srtp.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

#include "ip270_media.h"
#include "memory.h"
#include "wire.h"

enum {
    REPLAY_WINDOW = 1024,               /* packets: twenty seconds of voice */
    RTP_SEQUENCE_AT = 2,
    RTP_SSRC_AT = 8,
    RTCP_SSRC_AT = 4,
    LATE_ROC_MAX = 8,                   /* wrap-arounds a source may have behind it when it is first heard: three hours */
    LATE_INTERVAL_NS = 250 * 1000 * 1000,
    SEQUENCE_BITS = 16,
    REPORTS_MAX = 1 << 17,              /* a week of reports; counting them up takes some tenths of a second */
    EMPTY_REPORT = 8,
    RECEIVER_REPORT = 201,
    REPORT_TAG = 10,
    REPORT_INDEX_SIZE = 4,
    REPORT_INDEX_MASK = 0x7FFFFFFF,
};

_Static_assert((int)SRTP_TRAILER_MAX >= SRTP_MAX_TRAILER_LEN + 4, "libsrtp2 may write that far behind a packet");

struct suite {
    size_t key_size;                    /* master key and salt */
    size_t report_tag;                  /* octets behind SRTCP's index */
    void (*rtp)(srtp_crypto_policy_t *policy);
    void (*rtcp)(srtp_crypto_policy_t *policy);
};

/* libsrtp2 keeps a stream for each of these. */
struct srtp_source {
    uint32_t ssrc;                      /* network byte order */
    bool heard;                         /* by RTP, so that its roll-over counter is known */
    bool resumed;                       /* heard by a process before this one, up to `floor` */
    uint64_t floor;
    uint64_t highest;                   /* index, once heard or resumed */
    uint32_t reports_floor;             /* SRTCP's indices below this were heard by a process before this one */
    uint32_t reports;                   /* SRTCP's next index: one more than the highest that was heard; 0: none was */
};

struct srtp_context {
    srtp_t session;
    const struct suite *suite;
    uint8_t key[MEDIA_SRTP_KEY_BYTES];
    struct srtp_source sources[SRTP_SOURCES_MAX];
    unsigned source_count;
    int64_t late_ns;                    /* when a roll-over counter was last guessed */
    uint32_t late_roc;                  /* and which */
    const struct srtp_source *last;     /* whose RTP was accepted last; NULL: nobody's */
    const struct srtp_source *last_report;      /* ... and whose SRTCP */
};

/* A short tag is for RTP only: SRTCP keeps its 80 bits (RFC 4568, 6.2.2). libsrtp2's default is AES_CM_128_HMAC_SHA1_80. */
static const struct suite suites[] = {
    [MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80] = {30, REPORT_TAG, srtp_crypto_policy_set_rtp_default, srtp_crypto_policy_set_rtcp_default},
    [MEDIA_SRTP_AES_CM_128_HMAC_SHA1_32] = {30, REPORT_TAG, srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32,
                                            srtp_crypto_policy_set_rtcp_default},
    [MEDIA_SRTP_AES_192_CM_HMAC_SHA1_80] = {38, REPORT_TAG, srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80,
                                            srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80},
    [MEDIA_SRTP_AES_192_CM_HMAC_SHA1_32] = {38, REPORT_TAG, srtp_crypto_policy_set_aes_cm_192_hmac_sha1_32,
                                            srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80},
    [MEDIA_SRTP_AES_256_CM_HMAC_SHA1_80] = {46, REPORT_TAG, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
                                            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    [MEDIA_SRTP_AES_256_CM_HMAC_SHA1_32] = {46, REPORT_TAG, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
                                            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    [MEDIA_SRTP_AEAD_AES_128_GCM] = {28, 0, srtp_crypto_policy_set_aes_gcm_128_16_auth,
                                     srtp_crypto_policy_set_aes_gcm_128_16_auth},
    [MEDIA_SRTP_AEAD_AES_256_GCM] = {44, 0, srtp_crypto_policy_set_aes_gcm_256_16_auth,
                                     srtp_crypto_policy_set_aes_gcm_256_16_auth},
};

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static srtp_err_status_t library_status = srtp_err_status_fail;

static void start_library(void)
{
    library_status = srtp_init();
}

size_t srtp_key_size(unsigned suite)
{
    return suite < sizeof suites / sizeof *suites ? suites[suite].key_size : 0;
}

static srtp_policy_t policy_of(struct srtp_context *context, srtp_ssrc_t ssrc)
{
    srtp_policy_t policy = {.ssrc = ssrc, .key = context->key, .window_size = REPLAY_WINDOW};
    context->suite->rtp(&policy.rtp);
    context->suite->rtcp(&policy.rtcp);
    return policy;
}

struct srtp_context *srtp_context_new(enum srtp_direction direction, unsigned suite, const uint8_t *key, uint32_t ssrc)
{
    pthread_once(&library_once, start_library);
    if (library_status != srtp_err_status_ok || srtp_key_size(suite) == 0)
        return NULL;
    struct srtp_context *context = memory_new(sizeof *context);
    if (context == NULL)
        return NULL;
    context->suite = &suites[suite];
    memcpy(context->key, key, context->suite->key_size);
    srtp_ssrc_t whose = {.type = direction == SRTP_INBOUND ? ssrc_any_inbound : ssrc_specific, .value = ssrc};
    srtp_policy_t policy = policy_of(context, whose);
    if (srtp_create(&context->session, &policy) == srtp_err_status_ok)
        return context;
    context->session = NULL;
    srtp_context_free(context);
    return NULL;
}

void srtp_context_free(struct srtp_context *context)
{
    if (context == NULL)
        return;
    if (context->session != NULL)
        srtp_dealloc(context->session);
    explicit_bzero(context->key, sizeof context->key);
    free(context);
}

/* libsrtp2 has no word for where SRTCP's index begins: it is counted up by packets that go nowhere. */
static bool count_reports(struct srtp_context *context, uint32_t ssrc, uint64_t reports)
{
    _Alignas(8) uint8_t packet[EMPTY_REPORT + SRTP_TRAILER_MAX];
    if (reports > REPORTS_MAX)
        return false;
    for (uint64_t i = 0; i < reports; i++) {
        memset(packet, 0, sizeof packet);
        packet[0] = 0x80;
        packet[1] = RECEIVER_REPORT;
        wire_put16(packet + 2, EMPTY_REPORT / 4 - 1);
        wire_put32(packet + RTCP_SSRC_AT, ssrc);
        if (srtp_protect_packet(context, packet, EMPTY_REPORT, true) == 0)
            return false;
    }
    return true;
}

bool srtp_resume_outbound(struct srtp_context *context, uint32_t ssrc, uint64_t index, uint64_t reports)
{
    uint32_t roc = (uint32_t)(index >> SEQUENCE_BITS);
    return srtp_set_stream_roc(context->session, ssrc, roc) == srtp_err_status_ok && count_reports(context, ssrc, reports);
}

static struct srtp_source *find_source(struct srtp_context *context, uint32_t ssrc)
{
    for (unsigned i = context->source_count; i > 0; i--) {
        if (context->sources[i - 1].ssrc == ssrc)
            return &context->sources[i - 1];
    }
    return NULL;
}

/* With a stream of its own before it is heard. NULL: there is no memory, or too many. */
static struct srtp_source *resumed_source(struct srtp_context *context, uint32_t ssrc)
{
    struct srtp_source *source = find_source(context, htonl(ssrc));
    srtp_policy_t policy = policy_of(context, (srtp_ssrc_t){.type = ssrc_specific, .value = ssrc});
    if (source != NULL)
        return source;
    if (context->source_count == SRTP_SOURCES_MAX)
        return NULL;
    if (srtp_add_stream(context->session, &policy) != srtp_err_status_ok)
        return NULL;
    source = &context->sources[context->source_count++];
    source->ssrc = htonl(ssrc);
    return source;
}

bool srtp_resume_inbound(struct srtp_context *context, const struct srtp_position *position)
{
    if (position->ssrc == 0)
        return true;
    struct srtp_source *source = resumed_source(context, position->ssrc);
    if (source == NULL)
        return false;
    source->resumed = true;
    source->floor = source->highest = position->index;
    return true;
}

bool srtp_resume_inbound_reports(struct srtp_context *context, const struct srtp_position *next)
{
    if (next->ssrc == 0)
        return true;
    struct srtp_source *source = resumed_source(context, next->ssrc);
    if (source == NULL)
        return false;
    source->reports_floor = source->reports = (uint32_t)next->index;
    return true;
}

uint64_t srtp_index(const struct srtp_context *context, uint32_t ssrc, uint16_t sequence)
{
    uint32_t roc = 0;
    srtp_get_stream_roc(context->session, ssrc, &roc);
    return (uint64_t)roc << SEQUENCE_BITS | sequence;
}

struct srtp_position srtp_received(const struct srtp_context *context)
{
    if (context->last == NULL)
        return (struct srtp_position){0};
    return (struct srtp_position){.ssrc = ntohl(context->last->ssrc), .index = context->last->highest};
}

struct srtp_position srtp_next_report(const struct srtp_context *context)
{
    if (context->last_report == NULL)
        return (struct srtp_position){0};
    return (struct srtp_position){.ssrc = ntohl(context->last_report->ssrc), .index = context->last_report->reports};
}

size_t srtp_protect_packet(struct srtp_context *context, uint8_t *packet, size_t size, bool rtcp)
{
    int length = (int)size;
    srtp_err_status_t status = rtcp ? srtp_protect_rtcp(context->session, packet, &length)
                                    : srtp_protect(context->session, packet, &length);
    return status == srtp_err_status_ok ? (size_t)length : 0;
}

/* The index that a sequence number most likely means, beside the highest there was (RFC 3711, 3.3.1 and appendix A). */
static uint64_t guess_index(uint64_t highest, uint16_t sequence)
{
    int16_t ahead = (int16_t)(uint16_t)(sequence - (uint16_t)highest);
    return ahead < 0 && highest < (uint64_t)-(int64_t)ahead ? sequence : highest + (uint64_t)(int64_t)ahead;
}

static struct srtp_source *noted_source(struct srtp_context *context, struct srtp_source *source, uint32_t ssrc)
{
    if (source == NULL) {
        source = &context->sources[context->source_count++];
        source->ssrc = ssrc;
    }
    return source;
}

static void note_report(struct srtp_context *context, struct srtp_source *source, uint32_t index)
{
    if (index >= source->reports)
        source->reports = index + 1;
    context->last_report = source;
}

static void note_packet(struct srtp_context *context, struct srtp_source *source, uint16_t sequence)
{
    uint64_t index = source->heard ? guess_index(source->highest, sequence) : srtp_index(context, ntohl(source->ssrc), sequence);
    if (!source->heard || index > source->highest)
        source->highest = index;
    source->heard = true;
    context->last = source;
}

/* A source that a process before this one has heard: what is not newer than that was played then. */
static srtp_err_status_t unprotect_resumed(struct srtp_context *context, const struct srtp_source *source, uint16_t sequence,
                                           uint8_t *packet, int *length)
{
    uint64_t index = guess_index(source->highest, sequence);
    if (index <= source->floor)
        return srtp_err_status_replay_old;
    if (!source->heard)
        srtp_set_stream_roc(context->session, ntohl(source->ssrc), (uint32_t)(index >> SEQUENCE_BITS));
    return srtp_unprotect(context->session, packet, length);
}

/* 31 bits before the tag, which AEAD keeps elsewhere (RFC 3711, 3.4; RFC 7714, 9.2). Nothing is known of it before it is authentic. */
static uint32_t report_index(const struct srtp_context *context, const uint8_t *packet, size_t size)
{
    size_t trailer = REPORT_INDEX_SIZE + context->suite->report_tag;
    return size < trailer ? 0 : wire_get32(packet + size - trailer) & REPORT_INDEX_MASK;
}

static srtp_err_status_t unprotect_report(struct srtp_context *context, const struct srtp_source *source, uint32_t index,
                                          uint8_t *packet, int *length)
{
    if (source != NULL && index < source->reports_floor)
        return srtp_err_status_replay_old;
    return srtp_unprotect_rtcp(context->session, packet, length);
}

/* Tries a packet with a roll-over counter that is not 0. Nothing stays of it where that was wrong. */
static bool unprotect_at(struct srtp_context *context, bool known, uint32_t ssrc, uint32_t roc, uint8_t *packet, int *length)
{
    srtp_policy_t policy = policy_of(context, (srtp_ssrc_t){.type = ssrc_specific, .value = ntohl(ssrc)});
    if (!known && srtp_add_stream(context->session, &policy) != srtp_err_status_ok)
        return false;
    srtp_set_stream_roc(context->session, ntohl(ssrc), roc);
    if (srtp_unprotect(context->session, packet, length) == srtp_err_status_ok)
        return true;
    srtp_set_stream_roc(context->session, ntohl(ssrc), 0);
    if (!known)
        srtp_remove_stream(context->session, ssrc);
    return false;
}

/* A source is first heard with a roll-over counter of 0 (RFC 3711, 3.3.1). That is wrong for one that had been sending before our
 * keys were agreed, and SDES has no word for it: one guess each quarter of a second finds it, and a flood of forgeries costs no
 * more than that. */
static srtp_err_status_t unprotect_first(struct srtp_context *context, bool known, uint32_t ssrc, uint8_t *packet, int *length,
                                         int64_t now_ns)
{
    uint8_t copy[MEDIA_PACKET_BYTES];   /* GCM decrypts before it knows that it should not have */
    size_t size = (size_t)*length;
    if (size > sizeof copy)
        return srtp_err_status_bad_param;
    memcpy(copy, packet, size);
    srtp_err_status_t status = srtp_unprotect(context->session, packet, length);
    if (status != srtp_err_status_auth_fail || now_ns - context->late_ns < LATE_INTERVAL_NS)
        return status;
    context->late_ns = now_ns;
    context->late_roc = context->late_roc % LATE_ROC_MAX + 1;
    memcpy(packet, copy, size);
    *length = (int)size;
    return unprotect_at(context, known, ssrc, context->late_roc, packet, length) ? srtp_err_status_ok : status;
}

enum srtp_verdict srtp_unprotect_packet(struct srtp_context *context, uint8_t *packet, size_t *size, bool rtcp, int64_t now_ns)
{
    uint32_t ssrc = 0;
    size_t at = rtcp ? RTCP_SSRC_AT : RTP_SSRC_AT;
    int length = (int)*size;
    srtp_err_status_t status;
    if (*size < at + sizeof ssrc)
        return SRTP_REFUSED;
    uint16_t sequence = wire_get16(packet + RTP_SEQUENCE_AT);
    uint32_t report = rtcp ? report_index(context, packet, *size) : 0;
    memcpy(&ssrc, packet + at, sizeof ssrc);
    struct srtp_source *source = find_source(context, ssrc);
    if (source == NULL && context->source_count == SRTP_SOURCES_MAX)
        return SRTP_REFUSED;
    if (rtcp)
        status = unprotect_report(context, source, report, packet, &length);
    else if (source != NULL && source->resumed)
        status = unprotect_resumed(context, source, sequence, packet, &length);
    else if (source != NULL && source->heard)
        status = srtp_unprotect(context->session, packet, &length);
    else
        status = unprotect_first(context, source != NULL, ssrc, packet, &length, now_ns);
    if (status == srtp_err_status_replay_fail || status == srtp_err_status_replay_old)
        return SRTP_REPLAYED;
    if (status != srtp_err_status_ok)
        return SRTP_REFUSED;
    source = noted_source(context, source, ssrc);
    if (rtcp)
        note_report(context, source, report);
    else
        note_packet(context, source, sequence);
    *size = (size_t)length;
    return SRTP_ACCEPTED;
}
