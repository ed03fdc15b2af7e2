/* Sender to receiver over good and bad paths, judged by what is heard and by the counters. */
#include "network.h"
#include "wire.h"

enum { SECOND = 16000, LONG = 8 * SECOND };

static int16_t voice[LONG], heard[LONG];
static struct network net;

static struct receiver_statistics run_voice(size_t samples)
{
    return network_run(&net, voice, heard, samples);
}

static double likeness_after(size_t from, size_t to, size_t *lag)
{
    return network_likeness(voice + from, heard + from, to - from, lag);
}

/* Opus at its rates keeps the sound of a voice, not its waveform. */
static double least_likeness(enum codec_id codec)
{
    return codec < CODEC_OPUS_NB ? 0.95 : 0.6;
}

static void test_clean_path_every_codec(void)
{
    for (enum codec_id codec = CODEC_PCMU; codec < CODEC_COUNT; codec++) {
        for (unsigned packet_time = 10; packet_time <= 60; packet_time += 10) {
            size_t lag = 0;
            network_init(&net, codec, packet_time);
            struct receiver_statistics statistics = run_voice(2 * SECOND);
            CHECK_BETWEEN(likeness_after(SECOND / 2, 3 * SECOND / 2, &lag), least_likeness(codec), 1.0);
            CHECK_EQUAL(statistics.lost, 0);
            CHECK_EQUAL(statistics.late + statistics.duplicate + statistics.reordered + statistics.discarded + statistics.malformed, 0);
            CHECK_EQUAL(statistics.concealed_ms, 0);
            CHECK_EQUAL(statistics.codec, codec);
            CHECK_EQUAL(statistics.ssrc, 0x1234);
            CHECK_BETWEEN(statistics.jitter_ms, 0.0, 0.2);
            CHECK_BETWEEN(statistics.playout_delay_ms, 5.0, 25.0);
            /* Packetisation, path, playout and the codec's own delay. */
            CHECK_BETWEEN((double)lag / 16.0, packet_time, packet_time + 35);
            network_free(&net);
        }
    }
}

/* 0 to 60 ms of jitter with reordering: nearly nothing is concealed, and the delay is what the jitter needs. */
static void test_jitter(void)
{
    size_t lag = 0;
    network_init(&net, CODEC_PCMU, 20);
    net.jitter_ns = 60000000;
    struct receiver_statistics statistics = run_voice(LONG);
    CHECK_BETWEEN(likeness_after(2 * SECOND, LONG, &lag), 0.97, 1.0);
    CHECK_EQUAL(statistics.lost, 0);
    CHECK_BETWEEN(statistics.reordered, 50, 200);
    CHECK_BETWEEN(statistics.concealed_ms, 0, 150);
    CHECK_BETWEEN(statistics.playout_delay_ms, 55, 85);
    CHECK_BETWEEN(statistics.jitter_ms, 12, 28);
    network_free(&net);
}

/* When the path calms down, so does the delay. */
static void test_delay_shrinks_again(void)
{
    network_init(&net, CODEC_G722, 20);
    net.jitter_ns = 60000000;
    CHECK_BETWEEN(run_voice(LONG).playout_delay_ms, 55, 85);
    net.jitter_ns = 0;
    run_voice(LONG);
    run_voice(LONG);
    run_voice(LONG);
    struct receiver_statistics statistics = run_voice(LONG);
    CHECK_BETWEEN(statistics.playout_delay_ms, 5, 30);
    CHECK_BETWEEN(statistics.concealed_ms, 0, 150);
    network_free(&net);
}

static void test_loss_is_concealed(void)
{
    for (enum codec_id codec = CODEC_PCMU; codec < CODEC_COUNT; codec++) {
        size_t lag = 0;
        network_init(&net, codec, 20);
        net.loss_percent = 10;
        struct receiver_statistics statistics = run_voice(LONG);
        CHECK_BETWEEN(statistics.lost, 20, 60);
        CHECK_BETWEEN(statistics.concealed_ms, codec >= CODEC_OPUS_NB ? 20 : 400, 1200);
        CHECK_BETWEEN(likeness_after(2 * SECOND, LONG, &lag), least_likeness(codec) - 0.2, 1.0);
        network_free(&net);
    }
}

/* Once a path is known to lose packets, gaps are bridged from both sides: a tone whose first packet is lost is heard coming. */
static void test_gaps_are_bridged_from_both_sides(void)
{
    static int16_t silence[SECOND], tone[SECOND];
    signal_sine(tone, SECOND, 400.0, 8000.0);
    for (enum codec_id codec = CODEC_PCMU; codec <= CODEC_PCMA; codec++) {
        network_init(&net, codec, 20);
        net.loss_percent = 10;
        CHECK_BETWEEN(run_voice(LONG).playout_delay_ms, 25, 45);
        net.loss_percent = 0;
        network_run(&net, silence, heard, SECOND);
        net.loss_percent = 100;
        network_run(&net, tone, heard, 320);
        net.loss_percent = 0;
        network_run(&net, tone + 320, heard + 320, SECOND - 320);
        size_t full = 0;
        double power = 0.0;
        while (abs(heard[full]) < 7000) {
            full++;
        }
        CHECK_BETWEEN(full, 320, 1920);
        for (size_t i = full - 240; i < full - 80; i++) {
            power += (double)heard[i] * heard[i] / 160.0;
        }
        CHECK_BETWEEN(power, 0.06 * 8000.0 * 8000.0 / 2.0, 8000.0 * 8000.0 / 2.0);
        network_free(&net);
    }
}

/* A peer whose clock is 300 ppm off, either way, for forty seconds: nothing runs dry and nothing piles up. */
static void test_clock_drift(void)
{
    for (int sign = -1; sign <= 1; sign += 2) {
        struct receiver_statistics statistics;
        network_init(&net, CODEC_PCMA, 20);
        net.sender_rate = 1.0 + sign * 300e-6;
        for (int i = 0; i < 5; i++) {
            statistics = run_voice(LONG);
        }
        CHECK_BETWEEN(statistics.playout_delay_ms, 3, 30);
        CHECK_BETWEEN(statistics.concealed_ms, 0, 60);
        network_free(&net);
    }
}

/* The path becomes 150 ms longer in mid-speech, and short again. */
static void test_path_change(void)
{
    size_t lag = 0;
    network_init(&net, CODEC_PCMU, 20);
    run_voice(2 * SECOND);
    net.transit_ns += 150000000;
    CHECK_BETWEEN(run_voice(LONG).concealed_ms, 0, 400);
    CHECK_BETWEEN(likeness_after(5 * SECOND, LONG, &lag), 0.95, 1.0);
    net.transit_ns -= 150000000;
    run_voice(LONG);
    CHECK_BETWEEN(likeness_after(6 * SECOND, LONG, &lag), 0.95, 1.0);
    CHECK_BETWEEN((double)lag / 16.0, 20, 90);
    network_free(&net);
}

/* Silence between talkspurts is no loss, and speech comes back at once. */
static void test_mute_is_not_loss(void)
{
    size_t lag = 0;
    network_init(&net, CODEC_G722, 20);
    run_voice(SECOND);
    struct receiver_statistics statistics = network_run(&net, NULL, heard, 3 * SECOND);
    for (size_t i = SECOND; i < 3 * SECOND; i++) {
        CHECK_EQUAL(heard[i], 0);
    }
    CHECK_EQUAL(statistics.concealed_ms, 0);
    statistics = run_voice(2 * SECOND);
    CHECK_BETWEEN(likeness_after(SECOND / 4, 2 * SECOND, &lag), 0.95, 1.0);
    CHECK_EQUAL(statistics.lost, 0);
    CHECK_EQUAL(statistics.concealed_ms, 0);
    network_free(&net);
}

static void put(uint8_t type, uint16_t sequence, uint32_t timestamp, uint32_t ssrc, size_t payload_size)
{
    uint8_t packet[12 + 480] = {0x80, type};
    wire_put16(packet + 2, sequence);
    wire_put32(packet + 4, timestamp);
    wire_put32(packet + 8, ssrc);
    memset(packet + 12, 0xd5, payload_size);
    receiver_put(net.receiver, packet, 12 + payload_size, net.tick * NETWORK_TICK_NS);
}

static void get(unsigned ticks)
{
    int16_t frame[160];
    for (unsigned i = 0; i < ticks; i++) {
        net.tick++;
        receiver_get(net.receiver, frame, net.tick * NETWORK_TICK_NS);
    }
}

static struct receiver_statistics statistics_now(void)
{
    struct receiver_statistics statistics;
    receiver_statistics(net.receiver, &statistics);
    return statistics;
}

static void test_counters(void)
{
    network_init(&net, CODEC_PCMU, 20);
    put(96, 10, 0, 1, 160);
    put(96, 11, 160, 1, 160);
    put(96, 11, 160, 1, 160);
    CHECK_EQUAL(statistics_now().duplicate, 1);
    put(96, 14, 640, 1, 160);
    put(96, 13, 480, 1, 160);
    CHECK_EQUAL(statistics_now().reordered, 1);
    CHECK_EQUAL(statistics_now().lost, 0);    /* 12 is missing, but 11 came twice (RFC 3550 A.3) */
    get(30);
    put(96, 12, 320, 1, 160);
    CHECK_EQUAL(statistics_now().late, 1);
    put(77, 15, 800, 1, 160);
    CHECK_EQUAL(statistics_now().discarded, 1);
    receiver_put(net.receiver, (const uint8_t *)"junk", 4, 0);
    CHECK_EQUAL(statistics_now().malformed, 1);
    CHECK_EQUAL(statistics_now().received, 6);
    network_free(&net);
}

static unsigned count_events(enum receiver_event_kind kind)
{
    struct receiver_event event;
    unsigned count = 0;
    while (receiver_event(net.receiver, &event)) {
        count += event.kind == kind;
    }
    return count;
}

/* One stray packet of another source is dropped; two in a row are the new source. */
static void test_source_change(void)
{
    network_init(&net, CODEC_PCMU, 20);
    put(96, 10, 0, 1, 160);
    CHECK_EQUAL(count_events(RECEIVER_STARTED), 1);
    put(96, 500, 9000, 2, 160);
    put(96, 11, 160, 1, 160);
    CHECK_EQUAL(count_events(RECEIVER_SOURCE_CHANGED), 0);
    CHECK_EQUAL(statistics_now().discarded, 1);
    put(96, 600, 70000, 3, 160);
    put(96, 601, 70160, 3, 160);
    CHECK_EQUAL(statistics_now().ssrc, 3);
    CHECK_EQUAL(count_events(RECEIVER_SOURCE_CHANGED), 1);
    network_free(&net);
}

/* A sender that starts its timestamps anew, forwards or back, is heard again within a tenth of a second. */
static void test_timestamp_jump(void)
{
    for (int32_t jump = -1000000; jump <= 1000000; jump += 2000000) {
        network_init(&net, CODEC_PCMU, 20);
        uint32_t timestamp = 5000000;
        uint16_t sequence = 0;
        for (unsigned i = 0; i < 100; i++) {
            timestamp += i == 50 ? (uint32_t)jump : 160;
            put(96, sequence++, timestamp, 1, 160);
            get(2);
        }
        CHECK_BETWEEN(statistics_now().concealed_ms, 0, 100);
        CHECK_BETWEEN(statistics_now().late, 0, 2);
        CHECK_BETWEEN(statistics_now().playout_delay_ms, 0, 40);
        network_free(&net);
    }
}

/* A clock set back or forth by an hour between two ticks changes nothing. */
static void test_wall_clock_step(void)
{
    size_t lag = 0;
    network_init(&net, CODEC_PCMU, 20);
    run_voice(2 * SECOND);
    for (size_t i = 0; i < NETWORK_IN_FLIGHT; i++) {
        net.flight[i].arrival_ns += 3600ll * 1000000000;
    }
    net.tick += 3600 * 100;
    struct receiver_statistics statistics = run_voice(2 * SECOND);
    CHECK_BETWEEN(likeness_after(SECOND / 4, 2 * SECOND, &lag), 0.95, 1.0);
    CHECK_BETWEEN(statistics.concealed_ms, 0, 40);
    CHECK_BETWEEN(statistics.playout_delay_ms, 5, 40);
    network_free(&net);
}

/* The path holds everything back for 300 ms and then delivers it at once. The delay that this teaches is forgotten again. */
static void test_burst(void)
{
    size_t lag = 0;
    network_init(&net, CODEC_PCMU, 20);
    run_voice(LONG);
    net.transit_ns = 1000000000;
    run_voice(SECOND * 3 / 10);
    for (size_t i = 0; i < NETWORK_IN_FLIGHT; i++) {
        net.flight[i].arrival_ns = net.tick * NETWORK_TICK_NS;
    }
    net.transit_ns = 3000000;
    struct receiver_statistics statistics = run_voice(LONG);
    CHECK_EQUAL(statistics.lost, 0);
    CHECK_BETWEEN(statistics.concealed_ms, 100, 200);
    run_voice(LONG);
    CHECK_BETWEEN(likeness_after(6 * SECOND, LONG, &lag), 0.95, 1.0);
    CHECK_BETWEEN((double)lag / 16.0, 20, 70);
    network_free(&net);
}

static void test_digits(void)
{
    static const char DIGITS[] = "0123456789*#ABCD";
    struct receiver_event event;
    network_init(&net, CODEC_OPUS_WB, 20);
    net.loss_percent = 20;
    run_voice(SECOND);
    CHECK_EQUAL(count_events(RECEIVER_STARTED), 1);
    for (const char *digit = DIGITS; *digit != '\0'; digit++) {
        CHECK(sender_digit(net.sender, *digit, 120));
    }
    run_voice(LONG);
    for (const char *digit = DIGITS; *digit != '\0'; digit++) {
        CHECK(receiver_event(net.receiver, &event));
        CHECK_EQUAL(event.kind, RECEIVER_DIGIT);
        CHECK_EQUAL(event.digit, *digit);
        CHECK_BETWEEN(event.milliseconds, 10, 120);
    }
    CHECK(!receiver_event(net.receiver, &event));
    network_free(&net);
}

/* What carries a digit holds no audio, but has come: voice need not wait longer for fear of loss, until some of it is lost. */
static void test_digits_are_not_loss(void)
{
    network_init(&net, CODEC_OPUS_WB, 20);
    double before = run_voice(2 * SECOND).target_delay_ms;
    for (unsigned loss_percent = 0; loss_percent <= 40; loss_percent += 40) {
        for (unsigned i = 0; i < 4; i++) {
            CHECK(sender_digit(net.sender, '5', 400));
            net.loss_percent = loss_percent;
            run_voice(SECOND / 4);
            net.loss_percent = 0;
            run_voice(SECOND / 2);
        }
        double after = run_voice(SECOND / 4).target_delay_ms;
        CHECK_BETWEEN(after - before, loss_percent > 0 ? 15 : -5, loss_percent > 0 ? 30 : 5);
    }
    CHECK_EQUAL(count_events(RECEIVER_DIGIT), 8);
    network_free(&net);
}

/* Another codec on another payload type in mid-speech: the line goes on. */
static void test_codec_change(void)
{
    size_t lag = 0;
    network_init(&net, CODEC_PCMU, 20);
    struct receiver_config both = network_receiver_config(CODEC_PCMU);
    both.payloads[1] = (struct receiver_payload){98, CODEC_G722};
    both.payloads[2] = (struct receiver_payload){99, CODEC_OPUS_WB};
    both.payload_count = 3;
    run_voice(SECOND);
    CHECK_EQUAL(receiver_configure(net.receiver, &both), 0);
    struct sender_config next = network_sender_config(CODEC_G722, 20);
    next.payload_type = 98;
    CHECK_EQUAL(sender_configure(net.sender, &next), 0);
    CHECK_BETWEEN(run_voice(2 * SECOND).concealed_ms, 0, 40);
    CHECK_EQUAL(statistics_now().codec, CODEC_G722);
    CHECK_BETWEEN(likeness_after(SECOND / 4, 2 * SECOND, &lag), 0.95, 1.0);
    next = network_sender_config(CODEC_OPUS_WB, 20);
    next.payload_type = 99;
    CHECK_EQUAL(sender_configure(net.sender, &next), 0);
    CHECK_BETWEEN(run_voice(2 * SECOND).concealed_ms, 0, 100);
    CHECK_EQUAL(statistics_now().codec, CODEC_OPUS_WB);
    CHECK_BETWEEN(likeness_after(SECOND / 4, 2 * SECOND, &lag), least_likeness(CODEC_OPUS_WB), 1.0);
    CHECK_EQUAL(statistics_now().lost, 0);
    network_free(&net);
}

/* After a gap another codec begins with a packet that cannot be decoded, and the next one is late: nothing of the first codec's state is
 * given to the second (libopus ends the process over it). */
static void test_codec_change_by_a_bad_packet(void)
{
    network_init(&net, CODEC_PCMU, 20);
    struct receiver_config both = network_receiver_config(CODEC_PCMU);
    both.payloads[1] = (struct receiver_payload){99, CODEC_OPUS_WB};
    both.payload_count = 2;
    CHECK_EQUAL(receiver_configure(net.receiver, &both), 0);
    for (uint16_t sequence = 0; sequence < 20; sequence++) {
        put(96, sequence, sequence * 160u, 7, 160);
        get(2);
    }
    get(6);
    put(99, 20, 20 * 160u, 7, 2);
    get(6);
    put(99, 21, 21 * 160u, 7, 81);
    get(100);
    CHECK_EQUAL(statistics_now().codec, CODEC_OPUS_WB);
    network_free(&net);
}

static void test_report(void)
{
    struct rtcp_report_block block;
    network_init(&net, CODEC_PCMU, 20);
    CHECK(!receiver_report(net.receiver, &block));
    put(96, 65535, 0, 7, 160);
    put(96, 1, 320, 7, 160);
    put(96, 3, 640, 7, 160);
    CHECK(receiver_report(net.receiver, &block));
    CHECK_EQUAL(block.ssrc, 7);
    CHECK_EQUAL(block.cumulative_lost, 2);
    CHECK_EQUAL(block.fraction_lost, 2 * 256 / 5);
    CHECK_EQUAL(block.highest_sequence, 0x10003);
    put(96, 4, 800, 7, 160);
    CHECK(receiver_report(net.receiver, &block));
    CHECK_EQUAL(block.fraction_lost, 0);
    CHECK_EQUAL(block.cumulative_lost, 2);
    network_free(&net);
}

static void test_refused_configuration(void)
{
    struct receiver *receiver = malloc(receiver_size());
    CHECK(receiver != NULL);
    struct receiver_config config = network_receiver_config(CODEC_PCMU);
    config.payloads[0].type = 128;
    CHECK(receiver_init(receiver, &config) < 0);
    config = network_receiver_config(CODEC_PCMU);
    config.payload_count = RECEIVER_PAYLOADS_MAX + 1;
    CHECK(receiver_init(receiver, &config) < 0);
    config = network_receiver_config(CODEC_PCMU);
    config.telephone_event_clock = 0;
    CHECK(receiver_init(receiver, &config) < 0);
    config.telephone_event_type = -1;
    CHECK_EQUAL(receiver_init(receiver, &config), 0);
    free(receiver);
}

int main(void)
{
    signal_voice(voice, LONG);
    test_clean_path_every_codec();
    test_jitter();
    test_delay_shrinks_again();
    test_loss_is_concealed();
    test_gaps_are_bridged_from_both_sides();
    test_clock_drift();
    test_path_change();
    test_mute_is_not_loss();
    test_counters();
    test_source_change();
    test_timestamp_jump();
    test_wall_clock_step();
    test_burst();
    test_digits();
    test_digits_are_not_loss();
    test_codec_change();
    test_codec_change_by_a_bad_packet();
    test_report();
    test_refused_configuration();
    return 0;
}
