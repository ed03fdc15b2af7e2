#include "srtp.h"

#include <errno.h>
#include <pthread.h>
#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum {
    REPLAY_WINDOW = 1024,               /* packets: twenty seconds of voice */
    RTP_SSRC_AT = 8,
    RTCP_SSRC_AT = 4,
};

_Static_assert((int)SRTP_TRAILER_MAX >= SRTP_MAX_TRAILER_LEN + 4, "libsrtp2 may write that far behind a packet");

struct srtp_context {
    srtp_t session;
    uint32_t sources[SRTP_SOURCES_MAX];
    unsigned source_count;
};

struct suite {
    size_t key_size;                    /* master key and salt */
    void (*rtp)(srtp_crypto_policy_t *policy);
    void (*rtcp)(srtp_crypto_policy_t *policy);
};

/* A short tag is for RTP only: SRTCP keeps its 80 bits (RFC 4568, 6.2.2). libsrtp2's default is AES_CM_128_HMAC_SHA1_80. */
static const struct suite suites[] = {
    [MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80] = {30, srtp_crypto_policy_set_rtp_default, srtp_crypto_policy_set_rtcp_default},
    [MEDIA_SRTP_AES_CM_128_HMAC_SHA1_32] = {30, srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32,
                                            srtp_crypto_policy_set_rtcp_default},
    [MEDIA_SRTP_AES_192_CM_HMAC_SHA1_80] = {38, srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80,
                                            srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80},
    [MEDIA_SRTP_AES_192_CM_HMAC_SHA1_32] = {38, srtp_crypto_policy_set_aes_cm_192_hmac_sha1_32,
                                            srtp_crypto_policy_set_aes_cm_192_hmac_sha1_80},
    [MEDIA_SRTP_AES_256_CM_HMAC_SHA1_80] = {46, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80,
                                            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    [MEDIA_SRTP_AES_256_CM_HMAC_SHA1_32] = {46, srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32,
                                            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80},
    [MEDIA_SRTP_AEAD_AES_128_GCM] = {28, srtp_crypto_policy_set_aes_gcm_128_16_auth,
                                     srtp_crypto_policy_set_aes_gcm_128_16_auth},
    [MEDIA_SRTP_AEAD_AES_256_GCM] = {44, srtp_crypto_policy_set_aes_gcm_256_16_auth,
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

static srtp_err_status_t create(struct srtp_context *context, enum srtp_direction direction, const struct suite *suite,
                                const uint8_t *key, uint32_t ssrc)
{
    uint8_t copy[MEDIA_SRTP_KEY_BYTES];
    memcpy(copy, key, suite->key_size);
    srtp_policy_t policy = {
        .ssrc = {.type = direction == SRTP_INBOUND ? ssrc_any_inbound : ssrc_specific, .value = ssrc},
        .key = copy,
        .window_size = REPLAY_WINDOW,
    };
    suite->rtp(&policy.rtp);
    suite->rtcp(&policy.rtcp);
    srtp_err_status_t status = srtp_create(&context->session, &policy);
    explicit_bzero(copy, sizeof copy);
    return status;
}

struct srtp_context *srtp_context_new(enum srtp_direction direction, unsigned suite, const uint8_t *key, uint32_t ssrc)
{
    pthread_once(&library_once, start_library);
    if (library_status != srtp_err_status_ok || srtp_key_size(suite) == 0)
        return NULL;
    struct srtp_context *context = memory_new(sizeof *context);
    if (context == NULL)
        return NULL;
    if (create(context, direction, &suites[suite], key, ssrc) == srtp_err_status_ok)
        return context;
    free(context);
    return NULL;
}

void srtp_context_free(struct srtp_context *context)
{
    if (context != NULL)
        srtp_dealloc(context->session);
    free(context);
}

size_t srtp_protect_packet(struct srtp_context *context, uint8_t *packet, size_t size, bool rtcp)
{
    int length = (int)size;
    srtp_err_status_t status = rtcp ? srtp_protect_rtcp(context->session, packet, &length)
                                    : srtp_protect(context->session, packet, &length);
    return status == srtp_err_status_ok ? (size_t)length : 0;
}

static bool source_known(const struct srtp_context *context, uint32_t ssrc)
{
    for (unsigned i = context->source_count; i > 0; i--) {
        if (context->sources[i - 1] == ssrc)
            return true;
    }
    return false;
}

enum srtp_verdict srtp_unprotect_packet(struct srtp_context *context, uint8_t *packet, size_t *size, bool rtcp)
{
    uint32_t ssrc = 0;
    size_t at = rtcp ? RTCP_SSRC_AT : RTP_SSRC_AT;
    int length = (int)*size;
    if (*size < at + sizeof ssrc)
        return SRTP_REFUSED;
    memcpy(&ssrc, packet + at, sizeof ssrc);
    bool known = source_known(context, ssrc);
    if (!known && context->source_count == SRTP_SOURCES_MAX)
        return SRTP_REFUSED;
    srtp_err_status_t status = rtcp ? srtp_unprotect_rtcp(context->session, packet, &length)
                                    : srtp_unprotect(context->session, packet, &length);
    if (status == srtp_err_status_replay_fail || status == srtp_err_status_replay_old)
        return SRTP_REPLAYED;
    if (status != srtp_err_status_ok)
        return SRTP_REFUSED;
    if (!known)
        context->sources[context->source_count++] = ssrc;
    *size = (size_t)length;
    return SRTP_ACCEPTED;
}

/* --- keys that change --- */

static void free_change(struct object *object)
{
    struct srtp_change *change = (struct srtp_change *)object;
    for (unsigned i = 0; i < SRTP_DIRECTIONS; i++)
        srtp_context_free(change->contexts[i]);
    free(change);
}

static const uint8_t *key_of(const struct media_srtp *keys, enum srtp_direction direction)
{
    return direction == SRTP_INBOUND ? keys->receive_key : keys->send_key;
}

static bool key_stays(const struct media_srtp *from, const struct media_srtp *to, enum srtp_direction direction)
{
    return from->suite == to->suite &&
           memcmp(key_of(from, direction), key_of(to, direction), srtp_key_size(to->suite)) == 0;
}

int srtp_change_new(struct srtp_change **result, const struct media_srtp *from, const struct media_srtp *to, uint32_t ssrc)
{
    *result = NULL;
    if (to->suite != MEDIA_SRTP_NONE && srtp_key_size(to->suite) == 0)
        return -EINVAL;
    bool stays[SRTP_DIRECTIONS] = {key_stays(from, to, SRTP_INBOUND), key_stays(from, to, SRTP_OUTBOUND)};
    if (stays[SRTP_INBOUND] && stays[SRTP_OUTBOUND])
        return 0;
    struct srtp_change *change = memory_new(sizeof *change);
    if (change == NULL)
        return -ENOMEM;
    change->object.kind = OBJECT_SRTP_CHANGE;
    change->object.free = free_change;
    for (unsigned i = 0; i < SRTP_DIRECTIONS; i++) {
        change->replaces[i] = !stays[i];
        if (stays[i] || to->suite == MEDIA_SRTP_NONE)
            continue;
        change->contexts[i] = srtp_context_new((enum srtp_direction)i, to->suite, key_of(to, (enum srtp_direction)i), ssrc);
        if (change->contexts[i] == NULL) {
            free_change(&change->object);
            return -ENOMEM;
        }
    }
    *result = change;
    return 0;
}

void srtp_change_apply(struct srtp_change *change, struct srtp_context *contexts[SRTP_DIRECTIONS])
{
    for (unsigned i = 0; i < SRTP_DIRECTIONS; i++) {
        if (!change->replaces[i])
            continue;
        struct srtp_context *old = contexts[i];
        contexts[i] = change->contexts[i];
        change->contexts[i] = old;
    }
}
