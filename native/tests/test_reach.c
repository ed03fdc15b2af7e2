/* What of STUN is handed up, what a TURN channel's frame becomes, and how consent ends sending. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "reach.h"

enum { REQUEST = 0x0001, INDICATION = 0x0011, SUCCESS = 0x0101, ERROR = 0x0111, MILLISECOND = 1000 * 1000 };

static struct reach_setup checked(const struct media_reach *wanted)
{
    struct reach_setup setup;
    CHECK_EQUAL(reach_setup_from(&setup, wanted), 0);
    return setup;
}

/* A message of one attribute; `number` makes its transaction. */
static struct packet message(unsigned type, uint8_t number, unsigned attribute, const char *value)
{
    struct packet packet = {.size = 24 + ((strlen(value) + 3) & ~3u)};
    const uint8_t header[] = {(uint8_t)(type >> 8), (uint8_t)type, 0, (uint8_t)(packet.size - 20), 0x21, 0x12, 0xa4, 0x42};
    memcpy(packet.data, header, sizeof header);
    memset(packet.data + 8, number, 12);
    packet.data[20] = (uint8_t)(attribute >> 8);
    packet.data[21] = (uint8_t)attribute;
    packet.data[23] = (uint8_t)strlen(value);
    memcpy(packet.data + 24, value, strlen(value));
    return packet;
}

static void requests_name_our_fragment(void)
{
    static struct reach reach;
    struct reach_setup setup = checked(&(struct media_reach){.fragments = {"abcd", "next"}});
    reach_configure(&reach, &setup);
    const struct { const char *name; bool passes; } cases[] = {
        {"abcd:peer", true}, {"next:peer", true}, {"abcd:", true}, {"abcde:peer", false},
        {"abc:peer", false}, {"peer:abcd", false}, {"abcd", false}, {"", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct packet packet = message(REQUEST, 1, 0x0006, cases[i].name);
        CHECK_EQUAL(reach_admits(&reach, COMPONENT_RTP, &packet), cases[i].passes);
    }
    struct packet other = message(REQUEST, 1, 0x8022, "abcd:peer");
    CHECK(!reach_admits(&reach, COMPONENT_RTP, &other));
    other = message(REQUEST, 1, 0x0006, "abcd:peer");
    for (other.size = 20; other.size < 32; other.size++)
        CHECK(!reach_admits(&reach, COMPONENT_RTP, &other));
}

static void without_fragments_no_request_passes(void)
{
    static struct reach reach;
    struct packet packet = message(REQUEST, 1, 0x0006, ":peer");
    CHECK(!reach_admits(&reach, COMPONENT_RTP, &packet));
}

static void a_response_passes_once_and_only_when_awaited(void)
{
    static struct reach reach;
    for (unsigned type = SUCCESS; type <= ERROR; type += ERROR - SUCCESS) {
        struct packet asked = message(REQUEST, 7, 0x8022, "x"), answer = message(type, 7, 0x8022, "x");
        CHECK(!reach_admits(&reach, COMPONENT_RTP, &answer));
        stun_filter_expect(&reach.filter, asked.data, asked.size);
        stun_filter_expect(&reach.filter, asked.data, asked.size);
        struct packet forged = message(type, 8, 0x8022, "x");
        CHECK(!reach_admits(&reach, COMPONENT_RTP, &forged));
        CHECK(reach_admits(&reach, COMPONENT_RTP, &answer));
        CHECK(!reach_admits(&reach, COMPONENT_RTP, &answer));
    }
    struct packet indication = message(INDICATION, 9, 0x0013, "data");
    stun_filter_expect(&reach.filter, indication.data, indication.size);
    CHECK(!reach_admits(&reach, COMPONENT_RTP, &indication));
}

static void many_transactions_are_remembered(void)
{
    static struct reach reach;
    for (unsigned i = 1; i <= STUN_AWAITED; i++) {
        struct packet asked = message(REQUEST, (uint8_t)i, 0x8022, "x");
        stun_filter_expect(&reach.filter, asked.data, asked.size);
    }
    for (unsigned i = 1; i <= STUN_AWAITED; i++) {
        struct packet answer = message(SUCCESS, (uint8_t)i, 0x8022, "x");
        CHECK(reach_admits(&reach, COMPONENT_RTP, &answer));
    }
}

static const struct media_reach RELAYED = {
    .relays = {{.server_address = "127.0.0.1", .server_port = 3478, .channel = 0x4001, .peer_address = "192.0.2.7",
                .peer_port = 5000}},
};

static void what_the_server_says_is_limited(void)
{
    static struct reach reach;
    struct reach_setup setup = checked(&RELAYED);
    struct packet packet = message(INDICATION, 1, 0x0013, "data");
    unsigned passed = 0;
    reach_configure(&reach, &setup);
    for (unsigned tick = 0; tick < 100; tick++) {
        reach_tick(&reach, tick * 10 * MILLISECOND);
        for (unsigned i = 0; i < 20; i++) {
            CHECK_EQUAL(address_parse(&packet.source, i % 2 ? "127.0.0.1" : "127.0.0.2", 3478), 0);
            bool passes = reach_admits(&reach, COMPONENT_RTP, &packet);
            CHECK(!passes || i % 2);
            passed += passes;
        }
    }
    CHECK_BETWEEN(passed, 30, 60);
}

static struct packet framed(uint16_t channel, uint16_t length, size_t size)
{
    struct packet packet = {.size = size, .data = {(uint8_t)(channel >> 8), (uint8_t)channel, (uint8_t)(length >> 8),
                                                   (uint8_t)length, 'v', 'o', 'i', 'c', 'e'}};
    CHECK_EQUAL(address_parse(&packet.source, "127.0.0.1", 3478), 0);
    return packet;
}

static void a_frame_of_our_channel_is_taken_off(void)
{
    static struct reach reach;
    struct reach_setup setup = checked(&RELAYED);
    union address peer;
    reach_configure(&reach, &setup);
    CHECK_EQUAL(address_parse(&peer, "192.0.2.7", 5000), 0);
    struct packet packet = framed(0x4001, 5, 12);
    CHECK(reach_unwrap(&reach, COMPONENT_RTP, &packet));
    CHECK_EQUAL(packet.size, 5);
    CHECK(memcmp(packet.data, "voice", 5) == 0);
    CHECK(address_equal(&packet.source, &peer) && packet.relayed);
    const struct packet others[] = {framed(0x4002, 5, 9), framed(0x4001, 6, 9), framed(0x4001, 0, 3)};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        packet = others[i];
        CHECK(!reach_unwrap(&reach, COMPONENT_RTP, &packet));
    }
    packet = framed(0x4001, 5, 9);
    CHECK(!reach_unwrap(&reach, COMPONENT_RTCP, &packet));
    address_set_port(&packet.source, 3479);
    CHECK(!reach_unwrap(&reach, COMPONENT_RTP, &packet));
}

/* To the channel's peer in a frame, to anybody else plainly; over real sockets. */
static void sending_frames_what_goes_to_the_peer(void)
{
    static struct reach reach;
    struct packet_port port = {0};
    uint8_t got[16];
    int server = socket(AF_INET, SOCK_DGRAM, 0);
    union address own, peer, any = {.generic = {.sa_family = AF_UNSPEC}};
    socklen_t length = sizeof own;
    CHECK_EQUAL(address_parse(&own, "127.0.0.1", 0), 0);
    CHECK_EQUAL(bind(server, &own.generic, address_length(&own)), 0);
    CHECK_EQUAL(getsockname(server, &own.generic, &length), 0);
    struct media_reach wanted = RELAYED;
    wanted.relays[0].server_port = address_port(&own);
    struct reach_setup setup = checked(&wanted);
    reach_configure(&reach, &setup);
    CHECK_EQUAL(packet_port_open(&port, "127.0.0.1", 43000, 43099, 0), 0);
    CHECK_EQUAL(address_parse(&peer, "192.0.2.7", 5000), 0);
    CHECK(reach_send(&reach, &port, COMPONENT_RTP, (const uint8_t *)"voice", 5, &any, &peer));
    CHECK_EQUAL(recv(server, got, sizeof got, 0), 9);
    CHECK(memcmp(got, "\x40\x01\x00\x05voice", 9) == 0);
    CHECK(reach_send(&reach, &port, COMPONENT_RTP, (const uint8_t *)"voice", 5, &any, &own));
    CHECK_EQUAL(recv(server, got, sizeof got, 0), 5);
    packet_port_close(&port);
    close(server);
}

static void consent_ends_sending(void)
{
    static struct reach reach;
    reach_tick(&reach, 0);
    CHECK(!reach.silenced);
    reach_consent(&reach, 0, 0);
    CHECK(reach.silenced && reach_is_checking(&reach));
    reach_consent(&reach, 30, 0);
    reach_tick(&reach, 29 * MILLISECOND);
    CHECK(!reach.silenced && !reach_is_checking(&reach));
    reach_tick(&reach, 30 * MILLISECOND);
    CHECK(reach.silenced);
    reach_consent(&reach, -1, 40 * MILLISECOND);
    reach_tick(&reach, 50 * MILLISECOND);
    CHECK(!reach.silenced);
}

static void what_is_out_of_range_is_refused(void)
{
    struct reach_setup setup;
    struct media_reach wanted = RELAYED;
    wanted.relays[0].channel = 0x5000;
    CHECK_EQUAL(reach_setup_from(&setup, &wanted), -EINVAL);
    wanted = RELAYED;
    strcpy(wanted.relays[0].server_address, "turn.example.org");
    CHECK_EQUAL(reach_setup_from(&setup, &wanted), -EINVAL);
    memset(wanted.fragments[1], 'x', sizeof wanted.fragments[1]);
    CHECK_EQUAL(reach_setup_from(&setup, &wanted), -EINVAL);
}

int main(void)
{
    requests_name_our_fragment();
    without_fragments_no_request_passes();
    a_response_passes_once_and_only_when_awaited();
    many_transactions_are_remembered();
    what_the_server_says_is_limited();
    a_frame_of_our_channel_is_taken_off();
    sending_frames_what_goes_to_the_peer();
    consent_ends_sending();
    what_is_out_of_range_is_refused();
    return 0;
}
