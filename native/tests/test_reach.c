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
        CHECK_EQUAL(reach_admits(&reach, &packet), cases[i].passes);
    }
    struct packet other = message(REQUEST, 1, 0x8022, "abcd:peer");
    CHECK(!reach_admits(&reach, &other));
    other = message(REQUEST, 1, 0x0006, "abcd:peer");
    for (other.size = 20; other.size < 32; other.size++)
        CHECK(!reach_admits(&reach, &other));
}

static void without_fragments_no_request_passes(void)
{
    static struct reach reach;
    struct packet packet = message(REQUEST, 1, 0x0006, ":peer");
    CHECK(!reach_admits(&reach, &packet));
}

static void a_response_passes_once_and_only_when_awaited(void)
{
    static struct reach reach;
    for (unsigned type = SUCCESS; type <= ERROR; type += ERROR - SUCCESS) {
        struct packet asked = message(REQUEST, 7, 0x8022, "x"), answer = message(type, 7, 0x8022, "x");
        CHECK(!reach_admits(&reach, &answer));
        stun_filter_expect(&reach.filter, asked.data, asked.size);
        stun_filter_expect(&reach.filter, asked.data, asked.size);
        struct packet forged = message(type, 8, 0x8022, "x");
        CHECK(!reach_admits(&reach, &forged));
        CHECK(reach_admits(&reach, &answer));
        CHECK(!reach_admits(&reach, &answer));
    }
    struct packet indication = message(INDICATION, 9, 0x0013, "data");
    stun_filter_expect(&reach.filter, indication.data, indication.size);
    CHECK(!reach_admits(&reach, &indication));
}

/* As many as pairs may be checked at once, and more. */
static void many_transactions_are_remembered(void)
{
    static struct reach reach;
    for (unsigned i = 1; i <= 200; i++) {
        struct packet asked = message(REQUEST, (uint8_t)i, 0x8022, "x");
        stun_filter_expect(&reach.filter, asked.data, asked.size);
    }
    for (unsigned i = 1; i <= 200; i++) {
        struct packet answer = message(SUCCESS, (uint8_t)i, 0x8022, "x");
        CHECK(reach_admits(&reach, &answer));
    }
}

static const struct media_reach RELAYED = {
    .relays = {{.server_address = "127.0.0.1", .server_port = 3478, .channel = 0x4001, .bound = true,
                .peer_address = "192.0.2.7", .peer_port = 5000}},
};

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

/* A Data indication of `data` from 192.0.2.7:5000, or from 2001:db8::7 (RFC 8656, 11.4). */
static struct packet indicated(const char *data, bool ipv6)
{
    static const uint8_t ipv4_peer[] = {0, 1, 0x32, 0x9a, 0xe1, 0x12, 0xa6, 0x45};
    static const uint8_t ipv6_peer[] = {0, 2, 0x32, 0x9a, 0x01, 0x13, 0xa9, 0xfa, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9 ^ 7};
    size_t peer_size = ipv6 ? sizeof ipv6_peer : sizeof ipv4_peer, size = strlen(data), place = 24 + peer_size;
    struct packet packet = {.size = place + 4 + ((size + 3) & ~(size_t)3)};
    const uint8_t header[] = {0, 0x17, 0, (uint8_t)(packet.size - 20), 0x21, 0x12, 0xa4, 0x42};
    memcpy(packet.data, header, sizeof header);
    memset(packet.data + 8, 9, 12);
    packet.data[21] = 0x12;
    packet.data[23] = (uint8_t)peer_size;
    memcpy(packet.data + 24, ipv6 ? ipv6_peer : ipv4_peer, peer_size);
    packet.data[place + 1] = 0x13;
    packet.data[place + 3] = (uint8_t)size;
    memcpy(packet.data + place + 4, data, size);
    CHECK_EQUAL(address_parse(&packet.source, "127.0.0.1", 3478), 0);
    return packet;
}

/* Before the channel stands the server passes on by indications, which carry voice and checks alike. */
static void what_the_server_passes_on_is_taken_out(void)
{
    static struct reach reach;
    struct reach_setup setup = checked(&RELAYED);
    union address peer;
    reach_configure(&reach, &setup);
    for (int ipv6 = 0; ipv6 <= 1; ipv6++) {
        struct packet packet = indicated("voice", ipv6);
        CHECK_EQUAL(address_parse(&peer, ipv6 ? "2001:db8::7" : "192.0.2.7", 5000), 0);
        CHECK(reach_unwrap(&reach, COMPONENT_RTP, &packet));
        CHECK_EQUAL(packet.size, 5);
        CHECK(memcmp(packet.data, "voice", 5) == 0);
        CHECK(address_equal(&packet.source, &peer) && packet.relayed);
    }
    struct packet whole = indicated("voice", false);
    for (size_t size = 0; size < whole.size - 3; size++) {
        struct packet cut = whole;
        cut.size = size;
        CHECK(!reach_unwrap(&reach, COMPONENT_RTP, &cut));
    }
    struct packet stranger = whole;
    CHECK_EQUAL(address_parse(&stranger.source, "127.0.0.2", 3478), 0);
    CHECK(!reach_unwrap(&reach, COMPONENT_RTP, &stranger));
    const struct { size_t place; uint8_t value; } spoilt[] = {{1, 0x16}, {4, 0x22}, {21, 0x13}, {23, 9}, {25, 2}, {25, 3}, {33, 0x12}};
    for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
        struct packet other = whole;
        other.data[spoilt[i].place] = spoilt[i].value;
        CHECK(!reach_unwrap(&reach, COMPONENT_RTP, &other));
    }
}

/* What goes to a peer by the server is answered by the peer. */
static void answers_to_what_was_wrapped_are_awaited(void)
{
    static struct reach reach;
    struct packet asked = message(REQUEST, 5, 0x8022, "x"), answer = message(SUCCESS, 5, 0x8022, "x");
    struct packet framed = {.size = asked.size + 4, .data = {0x40, 0x01, 0, (uint8_t)asked.size}};
    memcpy(framed.data + 4, asked.data, asked.size);
    reach_expect(&reach, framed.data, framed.size);
    CHECK(reach_admits(&reach, &answer));
    CHECK(!reach_admits(&reach, &answer));
    struct packet sent = {.size = 36 + asked.size};
    memcpy(sent.data, indicated("", false).data, 36);
    sent.data[1] = 0x16;
    sent.data[35] = (uint8_t)asked.size;
    memcpy(sent.data + 36, asked.data, asked.size);
    reach_expect(&reach, sent.data, sent.size);
    CHECK(reach_admits(&reach, &answer));
    reach_expect(&reach, asked.data, asked.size);
    CHECK(reach_admits(&reach, &answer));
}

static void who_is_proved_is_known(void)
{
    static struct reach reach;
    union address source;
    struct reach_setup setup = checked(&(struct media_reach){.proved = {[1] = {"192.0.2.7", 5000}}});
    reach_configure(&reach, &setup);
    CHECK_EQUAL(address_parse(&source, "192.0.2.7", 5000), 0);
    CHECK(reach_has_proved(&reach, &source));
    address_set_port(&source, 5001);
    CHECK(!reach_has_proved(&reach, &source));
    CHECK(!reach_has_proved(&reach, &(union address){.generic = {.sa_family = AF_UNSPEC}}));
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
    reach.relays[COMPONENT_RTP].bound = false;
    CHECK(!reach_send(&reach, &port, COMPONENT_RTP, (const uint8_t *)"voice", 5, &any, &peer));
    CHECK_EQUAL(recv(server, got, sizeof got, MSG_DONTWAIT), -1);
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
    wanted = (struct media_reach){.proved = {{"somewhere", 1}}};
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
    a_frame_of_our_channel_is_taken_off();
    what_the_server_passes_on_is_taken_out();
    answers_to_what_was_wrapped_are_awaited();
    who_is_proved_is_known();
    sending_frames_what_goes_to_the_peer();
    consent_ends_sending();
    what_is_out_of_range_is_refused();
    return 0;
}
