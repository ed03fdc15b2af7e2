/* Any datagram at a protected stream: nothing that wasn't signed with the key is ever accepted, whatever the suite and the time. In
 * between come packets that were signed, with one octet changed or not, so that the code behind the signature is reached, too. */
#include <stdlib.h>
#include <string.h>

#include "ip270_media.h"
#include "srtp.h"

enum { PACKET_MAX = 1500, SSRC = 0x01020304 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct srtp_context *make(enum srtp_direction direction, unsigned suite)
{
    static const uint8_t key[MEDIA_SRTP_KEY_BYTES] = "a key";
    struct srtp_context *context = srtp_context_new(direction, suite, key, SSRC);
    if (context == NULL)
        abort();
    return context;
}

/* Signs the payload as ours, then perhaps changes it. The verdict must say which. */
static void take_signed(struct srtp_context *out, struct srtp_context *in, uint8_t *packet, size_t size, uint8_t change)
{
    static const uint8_t header[] = {0x80, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4};
    memmove(packet + sizeof header, packet, size);
    memcpy(packet, header, sizeof header);
    size_t whole = srtp_protect_packet(out, packet, size + sizeof header, false);
    if (whole == 0)
        abort();
    packet[whole - 1] ^= change;
    if ((srtp_unprotect_packet(in, packet, &whole, false, 0) == SRTP_ACCEPTED) != (change == 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct srtp_context *in, *out;
    static _Alignas(8) uint8_t packet[PACKET_MAX + 12 + SRTP_TRAILER_MAX];
    static int64_t now;
    if (size < 3 || size - 3 > PACKET_MAX)
        return 0;
    srtp_context_free(in);
    srtp_context_free(out);
    in = make(SRTP_INBOUND, MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80 + data[0] % 8);
    out = make(SRTP_OUTBOUND, MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80 + data[0] % 8);
    size_t length = size - 3;
    for (unsigned i = 0; i < 4; i++) {
        now += data[1] * 10000000LL;
        length = size - 3;
        memcpy(packet, data + 3, length);
        if (srtp_unprotect_packet(in, packet, &length, i % 2 != 0, now) == SRTP_ACCEPTED)
            abort();
    }
    memcpy(packet, data + 3, size - 3);
    if (size - 3 <= PACKET_MAX - 12 - SRTP_TRAILER_MAX)
        take_signed(out, in, packet, size - 3, data[2] & 1);
    return 0;
}
