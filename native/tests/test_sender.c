/* What a sender puts on the wire: timing, sequence, timestamps, markers, digits between audio. */
#include <errno.h>
#include <string.h>

#include "check.h"
#include "rtp.h"
#include "sender.h"
#include "signals.h"

enum { AUDIO = 9, EVENT = 101 };

static struct sender *sender;
static struct rtp_packet sent;
static uint8_t packet[SENDER_PACKET_MAX];
static int16_t frame[160];

static struct sender_config configuration(enum codec_id codec, unsigned packet_time_ms)
{
    return (struct sender_config){
        .codec = codec, .payload_type = AUDIO, .packet_time_ms = packet_time_ms, .ssrc = 77, .first_sequence = 65535,
        .first_timestamp = 0xffffff00u, .telephone_event_type = EVENT, .comfort_noise_type = -1, .telephone_event_clock = codec_get(codec)->clock_rate,
    };
}

static void start(enum codec_id codec, unsigned packet_time_ms)
{
    struct sender_config config = configuration(codec, packet_time_ms);
    CHECK_EQUAL(sender_init(sender, &config), 0);
}

/* Ticks until a packet is made; 0 when none is within `most`. */
static unsigned ticks_to_packet(unsigned most)
{
    for (unsigned tick = 1; tick <= most; tick++) {
        bool due = sender_frames_to_packet(sender) == 1;
        size_t size = sender_put(sender, frame, true, packet, sizeof packet);
        CHECK(size == 0 || due);
        if (size > 0) {
            CHECK_EQUAL(rtp_parse(&sent, packet, size), 0);
            CHECK_EQUAL(sent.ssrc, 77);
            return tick;
        }
    }
    return 0;
}

static void test_packet_times(void)
{
    for (enum codec_id codec = CODEC_PCMU; codec < CODEC_COUNT; codec++) {
        for (unsigned packet_time = 10; packet_time <= 60; packet_time += 10) {
            uint32_t step = packet_time * codec_get(codec)->clock_rate / 1000;
            start(codec, packet_time);
            for (uint32_t i = 0; i < 5; i++) {
                CHECK_EQUAL(sender_frames_to_packet(sender), packet_time / 10);
                CHECK_EQUAL(ticks_to_packet(10), packet_time / 10);
                CHECK_EQUAL(sent.marker, i == 0);
                CHECK_EQUAL(sent.payload_type, AUDIO);
                CHECK_EQUAL(sent.sequence, (uint16_t)(65535 + i));
                CHECK_EQUAL(sent.timestamp, 0xffffff00u + i * step);
            }
        }
    }
}

static void test_payload_sizes(void)
{
    start(CODEC_PCMA, 20);
    CHECK_EQUAL(ticks_to_packet(2), 2);
    CHECK_EQUAL(sent.payload_size, 160);
    start(CODEC_G722, 30);
    CHECK_EQUAL(ticks_to_packet(3), 3);
    CHECK_EQUAL(sent.payload_size, 240);
}

/* Silence on request makes no packet, yet the timestamp goes on; the packet after it has the marker. */
static void test_mute(void)
{
    start(CODEC_PCMU, 20);
    CHECK_EQUAL(ticks_to_packet(2), 2);
    for (unsigned tick = 0; tick < 51; tick++) {
        CHECK_EQUAL(sender_put(sender, frame, false, packet, sizeof packet), 0);
    }
    CHECK_EQUAL(ticks_to_packet(2), 2);
    CHECK(sent.marker);
    CHECK_EQUAL(sent.sequence, 0);
    CHECK_EQUAL(sent.timestamp, 0xffffff00u + 160 + 51 * 80);
    CHECK_EQUAL(ticks_to_packet(2), 2);
    CHECK(!sent.marker);
}

static void test_digits_replace_audio(void)
{
    unsigned events = 0;
    start(CODEC_G722, 20);
    CHECK_EQUAL(ticks_to_packet(2), 2);
    CHECK(sender_digit(sender, '4', 100));
    CHECK(!sender_digit(sender, 'x', 100));
    while (ticks_to_packet(20) > 0 && sent.payload_type == EVENT) {
        CHECK_EQUAL(sent.timestamp, 0xffffff00u + 160);
        CHECK_EQUAL(sent.sequence, events);
        CHECK_EQUAL(sent.marker, events == 0);
        CHECK_EQUAL(sent.payload_size, 4);
        events++;
    }
    CHECK_EQUAL(events, 5);
    CHECK(sent.marker);
    CHECK_EQUAL(sent.sequence, 5);
    struct sender_statistics statistics;
    sender_statistics(sender, &statistics);
    CHECK_EQUAL(statistics.packets, 7);
    CHECK_EQUAL(statistics.octets, 160 + 5 * 4 + 160);
    CHECK(!statistics.digits_pending);
}

static void test_no_digits_without_agreement(void)
{
    struct sender_config config = configuration(CODEC_PCMU, 20);
    start(CODEC_PCMU, 20);
    CHECK(sender_digit(sender, '1', 100));
    config.telephone_event_type = -1;
    CHECK_EQUAL(sender_configure(sender, &config), 0);
    CHECK(!sender_digit(sender, '1', 100));
    CHECK_EQUAL(ticks_to_packet(2), 2);
    CHECK_EQUAL(sent.payload_type, AUDIO);
}

/* Another codec: same source, sequence numbers and timestamps go on. */
static void test_configure(void)
{
    struct sender_config config = configuration(CODEC_PCMA, 10);
    start(CODEC_G722, 20);
    CHECK_EQUAL(ticks_to_packet(2), 2);
    config.ssrc = 1;
    config.first_sequence = 99;
    config.payload_type = 8;
    CHECK_EQUAL(sender_configure(sender, &config), 0);
    CHECK_EQUAL(ticks_to_packet(2), 1);
    CHECK_EQUAL(sent.sequence, 0);
    CHECK_EQUAL(sent.timestamp, 0xffffff00u + 160);
    CHECK_EQUAL(sent.payload_type, 8);
    CHECK_EQUAL(sent.payload_size, 80);
}

static void test_refused(void)
{
    struct sender_config config = configuration(CODEC_PCMU, 0);
    CHECK_EQUAL(sender_init(sender, &config), -EINVAL);
    config = configuration(CODEC_PCMU, 70);
    CHECK_EQUAL(sender_init(sender, &config), -EINVAL);
    config = configuration(CODEC_PCMU, 20);
    config.payload_type = 128;
    CHECK_EQUAL(sender_init(sender, &config), -EINVAL);
    config = configuration(CODEC_PCMU, 20);
    config.telephone_event_clock = 48000;
    CHECK_EQUAL(sender_init(sender, &config), -EINVAL);
    config = configuration(CODEC_PCMU, 20);
    config.telephone_event_type = AUDIO;
    CHECK_EQUAL(sender_init(sender, &config), -EINVAL);
}

/* How much like the truth every second frame is when it is lost and the one after it brings it back. */
static double recovery(void)
{
    static int16_t voice[16000], decoded[CODEC_PACKET_SAMPLES_MAX];
    const struct codec *codec = codec_get(CODEC_OPUS_WB);
    void *decoder = malloc(codec->decoder_size());
    double both = 0.0, own = 1.0, other = 1.0;
    CHECK(decoder != NULL);
    CHECK_EQUAL(codec->decoder_init(decoder), 0);
    signal_voice(voice, 16000);
    for (size_t i = 0; i < 16000; i += 320) {
        CHECK_EQUAL(sender_put(sender, voice + i, true, packet, sizeof packet), 0);
        size_t size = sender_put(sender, voice + i + 160, true, packet, sizeof packet);
        if (i / 320 % 2 == 0) {
            continue;
        }
        CHECK_EQUAL(codec->recover(decoder, packet + 12, size - 12, decoded, 320), 320);
        for (size_t k = 100; k < 320; k++) {
            double truth = voice[i - 320 + k - 100];    /* the encoder looks ahead 104 samples or so */
            both += truth * decoded[k];
            own += truth * truth;
            other += (double)decoded[k] * decoded[k];
        }
        codec->decode(decoder, packet + 12, size - 12, decoded, CODEC_PACKET_SAMPLES_MAX);
    }
    free(decoder);
    return both / sqrt(own * other);
}

/* In-band FEC is there until the far end reports no loss; it comes with losses, and goes when none were reported for a while. */
static void test_redundancy_follows_the_losses(void)
{
    start(CODEC_OPUS_WB, 20);
    double untold = recovery();
    sender_note_loss(sender, 0.0);
    recovery();
    double without = recovery();
    sender_note_loss(sender, 0.1);
    double with = recovery();
    CHECK_BETWEEN(with - without, 0.1, 1.0);
    CHECK_BETWEEN(untold - without, 0.1, 1.0);
    for (int i = 0; i < 5; i++) {
        sender_note_loss(sender, 0.0);
    }
    CHECK_BETWEEN(recovery() - without, 0.1, 1.0);
    for (int i = 0; i < 10; i++) {
        sender_note_loss(sender, 0.0);
    }
    CHECK_BETWEEN(recovery() - without, -0.05, 0.05);
}

/* Bits of payload a second, over three seconds of voice in packets of 20 ms. */
static unsigned rate_of(unsigned rate_max, double loss)
{
    static int16_t voice[48000];
    struct sender_config config = configuration(CODEC_OPUS_WB, 20);
    struct sender_statistics before, after;
    config.rate_max = rate_max;
    CHECK_EQUAL(sender_configure(sender, &config), 0);
    sender_note_loss(sender, loss);
    sender_statistics(sender, &before);
    signal_voice(voice, 48000);
    for (size_t i = 0; i < 48000; i += 160) {
        sender_put(sender, voice + i, true, packet, sizeof packet);
    }
    sender_statistics(sender, &after);
    return (after.octets - before.octets) * 8 / 3;
}

static void test_no_more_than_the_far_end_allows(void)
{
    static const unsigned allowed[] = {8000, 12000, 20000, 32000};
    start(CODEC_OPUS_WB, 20);
    unsigned free_rate = rate_of(0, 0.2);
    CHECK(free_rate > 32000);
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        CHECK_BETWEEN(rate_of(allowed[i], 0.2), allowed[i] / 2, allowed[i]);
        CHECK_BETWEEN(rate_of(allowed[i], 0.0), allowed[i] / 2, allowed[i]);
    }
    CHECK(rate_of(510000, 0.2) > 32000);
    CHECK(rate_of(0, 0.2) > 32000);
}

static void test_small_buffer(void)
{
    start(CODEC_PCMU, 10);
    CHECK_EQUAL(sender_put(sender, frame, true, packet, 12), 0);
    CHECK_EQUAL(sender_put(sender, frame, true, packet, 91), 0);
    CHECK_EQUAL(sender_put(sender, frame, true, packet, 92), 92);
}

int main(void)
{
    sender = malloc(sender_size());
    CHECK(sender != NULL);
    signal_voice(frame, 160);
    test_packet_times();
    test_payload_sizes();
    test_mute();
    test_digits_replace_audio();
    test_no_digits_without_agreement();
    test_configure();
    test_refused();
    test_redundancy_follows_the_losses();
    test_no_more_than_the_far_end_allows();
    test_small_buffer();
    free(sender);
    return 0;
}
