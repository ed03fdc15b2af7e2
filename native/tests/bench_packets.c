/* SRTP packets from the socket to the jitter buffer, against a bare loop of recvmmsg and srtp_unprotect with the same libsrtp2: one
 * line of JSON with the median time of a packet in ns, one packet a call as in a telephone call, and sixteen. The two take turns, so
 * that a busy machine slows both. Playing what was put, and sending, are not counted. */
#include <arpa/inet.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "stream.h"
#include "wire.h"

enum { ROUNDS = 201, CALLS = 50, SSRC = 0x1234, HEADER = 12, PAYLOAD = 160, ROOM = HEADER + PAYLOAD + SRTP_TRAILER_MAX };

static const uint8_t KEY[MEDIA_SRTP_KEY_BYTES] = "a key, and its salt";

struct path {
    int descriptor;                     /* sends to the path's socket */
    uint32_t sequence;
    struct srtp_context *out;
};

static struct packet_batch batch;
static struct events events;
static struct stream *stream;
static srtp_t bare_session;
static int bare_socket;
static struct path ours, bare;
static int64_t now = 1000000000;

static double nanoseconds(void)
{
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    return (double)moment.tv_sec * 1e9 + (double)moment.tv_nsec;
}

static void open_path(struct path *path, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    path->descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(connect(path->descriptor, (struct sockaddr *)&to, sizeof to) == 0);
    path->out = srtp_context_new(SRTP_OUTBOUND, MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80, KEY, SSRC);
    CHECK(path->out != NULL);
}

static void open_ours(void)
{
    struct sender_config identity = {.ssrc = 1};
    struct media_stream_config config = {
        .remote_address = "127.0.0.1", .rtp_port = 9, .receive_count = 1, .packet_time_ms = 20,
        .telephone_event_type = -1, .receive_telephone_event_type = -1, .comfort_noise_type = -1,
        .receive_comfort_noise_type = -1, .receives = true,
    };
    struct stream_setup setup;
    stream = stream_new(&identity, 1);
    packet_batch_init(&batch);
    CHECK(stream != NULL && events_init(&events, eventfd(0, EFD_NONBLOCK)) == 0);
    CHECK_EQUAL(packet_port_open(&stream->port, "127.0.0.1", 20000, 40000, 0), 0);
    open_path(&ours, stream->port.ports[COMPONENT_RTP]);
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    getsockname(ours.descriptor, (struct sockaddr *)&from, &size);
    config.rtp_port = ntohs(from.sin_port);
    CHECK_EQUAL(stream_setup_from(&setup, &config), 0);
    stream_configure(stream, &setup, now, now);
    stream->srtp[COMPONENT_RTP][SRTP_INBOUND] = srtp_context_new(SRTP_INBOUND, MEDIA_SRTP_AES_CM_128_HMAC_SHA1_80, KEY, 0);
}

static void open_bare(void)
{
    uint8_t key[MEDIA_SRTP_KEY_BYTES];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    memcpy(key, KEY, sizeof key);
    srtp_policy_t policy = {.ssrc = {.type = ssrc_any_inbound}, .key = key, .window_size = 1024};
    srtp_crypto_policy_set_rtp_default(&policy.rtp);
    srtp_crypto_policy_set_rtcp_default(&policy.rtcp);
    CHECK(srtp_create(&bare_session, &policy) == srtp_err_status_ok);
    bare_socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    CHECK(bind(bare_socket, (struct sockaddr *)&at, sizeof at) == 0);
    getsockname(bare_socket, (struct sockaddr *)&at, &size);
    open_path(&bare, ntohs(at.sin_port));
}

static void send_packets(struct path *path, unsigned count)
{
    _Alignas(8) uint8_t packet[ROOM] = {0x80};
    for (unsigned i = 0; i < count; i++) {
        memset(packet + HEADER, 0xff, PAYLOAD);
        wire_put16(packet + 2, (uint16_t)path->sequence);
        wire_put32(packet + 4, path->sequence++ * 160u);
        wire_put32(packet + 8, SSRC);
        size_t size = srtp_protect_packet(path->out, packet, HEADER + PAYLOAD, false);
        CHECK(send(path->descriptor, packet, size, 0) == (ssize_t)size);
    }
}

static void receive_ours(unsigned count)
{
    (void)count;
    stream_receive(stream, &batch, &events, true, false);
}

static void receive_bare(unsigned count)
{
    static _Alignas(8) uint8_t data[PACKET_BATCH][PACKET_BYTES];
    struct iovec vectors[PACKET_BATCH];
    struct mmsghdr messages[PACKET_BATCH];
    memset(messages, 0, sizeof messages);
    for (unsigned i = 0; i < PACKET_BATCH; i++) {
        vectors[i] = (struct iovec){.iov_base = data[i], .iov_len = PACKET_BYTES};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int got = recvmmsg(bare_socket, messages, PACKET_BATCH, MSG_DONTWAIT, NULL);
    CHECK_EQUAL(got, count);
    for (int i = 0; i < got; i++) {
        int size = (int)messages[i].msg_len;
        CHECK(srtp_unprotect(bare_session, data[i], &size) == srtp_err_status_ok);
    }
}

/* Two ticks for each packet: what was put is played. */
static void play(unsigned count)
{
    for (unsigned i = 0; i < 2 * count; i++)
        stream_play(stream, &events, now += TICK_NS);
}

static double time_of(void (*receive)(unsigned), unsigned count)
{
    double start = nanoseconds();
    receive(count);
    return nanoseconds() - start;
}

/* Both receive after the same work, so that both find the same of their caches left. */
static void time_packets(unsigned count, double *our_time, double *bare_time)
{
    *our_time = *bare_time = 0;
    for (unsigned call = 0; call < CALLS; call++) {
        send_packets(&ours, count);
        send_packets(&bare, count);
        if (call % 2 == 0)
            *our_time += time_of(receive_ours, count);
        *bare_time += time_of(receive_bare, count);
        if (call % 2 != 0)
            *our_time += time_of(receive_ours, count);
        play(count);
    }
    *our_time /= CALLS * count;
    *bare_time /= CALLS * count;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(unsigned count, double *our_median, double *bare_median)
{
    static double times[2][ROUNDS];
    for (unsigned round = 0; round < ROUNDS; round++)
        time_packets(count, &times[0][round], &times[1][round]);
    for (unsigned i = 0; i < 2; i++)
        qsort(times[i], ROUNDS, sizeof times[i][0], compare);
    *our_median = times[0][ROUNDS / 2];
    *bare_median = times[1][ROUNDS / 2];
}

int main(void)
{
    double our_one, bare_one, our_many, bare_many;
    struct receiver_statistics statistics;
    open_ours();
    open_bare();
    measure(1, &our_one, &bare_one);
    measure(PACKET_BATCH, &our_many, &bare_many);
    receiver_statistics(stream->receiver, &statistics);
    CHECK_EQUAL(statistics.received, ours.sequence);
    printf("{\"one_ns\": %.0f, \"one_bare_ns\": %.0f, \"many_ns\": %.0f, \"many_bare_ns\": %.0f}\n", our_one, bare_one, our_many,
           bare_many);
    return 0;
}
