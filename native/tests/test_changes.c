/* Packet time and codec changed in mid-sound: a steady tone goes on without a click, and, where our own concealment bridges the wait
 * for the first longer packet, without a hole. Opus bridges it its own way, which lets a tone fade. */
#include "network.h"

enum { SECOND = 16000, LENGTH = 2 * SECOND, SETTLED = SECOND / 2 };

static int16_t tone[LENGTH], heard[4 * LENGTH];
static struct network net;

/* Sharpest bend of the wave. A tone cut and begun anew bends ten times as sharply as the tone itself. */
static int bend(size_t from, size_t to)
{
    int sharpest = 0;
    for (size_t i = from + 2; i < to; i++) {
        int bent = abs(heard[i] - 2 * heard[i - 1] + heard[i - 2]);
        sharpest = bent > sharpest ? bent : sharpest;
    }
    return sharpest;
}

/* Least power of any 10 ms: a hole is one that is far below the tone. */
static double faintest(size_t from, size_t to)
{
    double least = 1e12;
    for (size_t i = from; i + 160 <= to; i += 40) {
        double sum = 0.0;
        for (size_t k = 0; k < 160; k++) {
            sum += (double)heard[i + k] * heard[i + k];
        }
        least = sum < least ? sum : least;
    }
    return least / 160.0;
}

static void check_unbroken(const char *what, unsigned a, unsigned b, bool whole)
{
    int before = bend(SETTLED, LENGTH), at_change = bend(LENGTH, 2 * LENGTH - SETTLED);
    int after = bend(2 * LENGTH - SETTLED, 2 * LENGTH);
    int usual = before > after ? before : after;
    double faint = faintest(LENGTH, 2 * LENGTH);
    if (at_change > 3 * usual || (whole && faint < 0.1 * 8000.0 * 8000.0 / 2.0)) {
        fprintf(stderr, "%s %u to %u: bend %d, else %d; faintest %.0f\n", what, a, b, at_change, usual, faint);
        exit(1);
    }
}

static void test_packet_time(void)
{
    for (enum codec_id codec = CODEC_PCMU; codec < CODEC_COUNT; codec++) {
        for (unsigned from = 10; from <= 60; from += 10) {
            for (unsigned to = 10; to <= 60; to += 10) {
                network_init(&net, codec, from);
                network_run(&net, tone, heard, LENGTH);
                struct sender_config next = network_sender_config(codec, to);
                CHECK_EQUAL(sender_configure(net.sender, &next), 0);
                struct receiver_statistics statistics = network_run(&net, tone, heard + LENGTH, LENGTH);
                check_unbroken(codec_get(codec)->name, from, to, codec < CODEC_OPUS_NB);
                CHECK_EQUAL(statistics.lost, 0);
                CHECK_EQUAL(statistics.late + statistics.malformed, 0);
                network_free(&net);
            }
        }
    }
}

static void test_codec(void)
{
    for (enum codec_id from = CODEC_PCMU; from < CODEC_COUNT; from++) {
        for (enum codec_id to = CODEC_PCMU; to < CODEC_COUNT; to++) {
            network_init(&net, from, 20);
            struct receiver_config both = network_receiver_config(from);
            both.payloads[1] = (struct receiver_payload){98, to};
            both.payload_count = 2;
            CHECK_EQUAL(receiver_configure(net.receiver, &both), 0);
            network_run(&net, tone, heard, LENGTH);
            struct sender_config next = network_sender_config(to, 20);
            next.payload_type = 98;
            CHECK_EQUAL(sender_configure(net.sender, &next), 0);
            network_run(&net, tone, heard + LENGTH, LENGTH);
            check_unbroken("codec", from, to, true);
            network_free(&net);
        }
    }
}

int main(void)
{
    signal_sine(tone, LENGTH, 400.0, 8000.0);
    test_packet_time();
    test_codec();
    return 0;
}
