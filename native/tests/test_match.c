/* A card's clock against the tick's: nothing is lost or made up for minutes, delays stay, and a master's samples pass unchanged. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "memory_card.h"

enum { FRAME = MEDIA_FRAME_SAMPLES, TICKS = 30000, SETTLED = 12000, TONE_TICKS = 100 };

static int16_t tone(size_t index)
{
    return (int16_t)lrint(8000 * sin(2 * M_PI * 500 / 16000 * (double)index));
}

static void test_its_clock_moves_by_its_rate(double ppm)
{
    struct memory_card *card = memory_card_new(ppm);
    size_t moved = 0;
    for (int tick = 0; tick < 100000; tick++)
        moved += memory_card_tick(card);
    CHECK_BETWEEN((double)moved, 16e6 * (1 + ppm * 1e-6) - 2, 16e6 * (1 + ppm * 1e-6) + 2);
    free(card);
}

/* A tone that never stops goes in by the card's clock and out by the tick's: no sample is far from the one before it. */
static void test_capture_follows(double ppm)
{
    struct memory_card *card = memory_card_new(ppm);
    int16_t samples[MEMORY_CARD_CHUNK], frame[FRAME], last = 0;
    size_t said = 0;
    int missed = 0;
    for (int tick = 0; tick < TICKS; tick++) {
        size_t count = memory_card_tick(card);
        for (size_t i = 0; i < count; i++)
            samples[i] = tone(said++);
        match_put(&card->capture, samples, count);
        if (!match_capture(&card->capture, frame, false)) {
            missed++;
            continue;
        }
        for (int i = 0; i < FRAME && tick >= TONE_TICKS; i++) {
            CHECK_BETWEEN(abs(frame[i] - last), 0, 1700);
            last = frame[i];
        }
        last = frame[FRAME - 1];
        if (tick >= SETTLED)
            CHECK_BETWEEN(card->capture.delay_ms, 13, 17);
    }
    CHECK_BETWEEN(missed, 0, 2);
    CHECK_BETWEEN(drift_ppm(&card->capture.drift), ppm - 10, ppm + 10);
    free(card);
}

static void test_playback_follows(double ppm)
{
    struct memory_card *card = memory_card_new(ppm);
    int16_t samples[MEMORY_CARD_CHUNK], frame[FRAME];
    size_t said = 0;
    for (int tick = 0; tick < TICKS; tick++) {
        size_t count = memory_card_tick(card);
        CHECK_EQUAL(memory_card_play(card, samples, count), count);
        for (int i = 0; i < FRAME; i++)
            frame[i] = tone(said++);
        CHECK_EQUAL(memory_card_put(card, frame), 0);
        for (size_t i = 1; i < count && tick >= TONE_TICKS; i++)
            CHECK_BETWEEN(abs(samples[i] - samples[i - 1]), 0, 1700);
        if (tick >= SETTLED)
            CHECK_BETWEEN(card->playback.delay_ms, 18, 22);
    }
    CHECK_BETWEEN(drift_ppm(&card->playback.drift), -ppm - 10, -ppm + 10);
    free(card);
}

/* A card that followed paces the tick now: what it had learned of the other's clock would be wrong from here on. */
static void test_a_master_passes_its_samples_on_as_they_are(void)
{
    struct memory_card *card = memory_card_new(300);
    int16_t samples[MEMORY_CARD_CHUNK], frame[FRAME];
    memset(samples, 0, sizeof samples);
    for (int tick = 0; tick < SETTLED; tick++) {
        match_put(&card->capture, samples, memory_card_tick(card));
        match_capture(&card->capture, frame, false);
    }
    CHECK_BETWEEN(drift_ppm(&card->capture.drift), 250, 350);
    for (int i = 0; i < FRAME; i++)
        samples[i] = (int16_t)(i * 100);
    for (int tick = 0; tick < 10; tick++) {
        match_put(&card->capture, samples, FRAME);
        CHECK(match_capture(&card->capture, frame, true));
    }
    CHECK_EQUAL(drift_ppm(&card->capture.drift), 0);
    for (int i = 1; i < FRAME; i++) {
        int step = frame[i] - frame[i - 1];
        CHECK(step == 100 || step == -100 * (FRAME - 1));
    }
    free(card);
}

static void test_a_card_nobody_plays_is_silent_and_one_nobody_empties_is_full(void)
{
    struct memory_card *card = memory_card_new(0);
    int16_t samples[MEMORY_CARD_CHUNK], frame[FRAME] = {0};
    CHECK_EQUAL(memory_card_play(card, samples, FRAME), FRAME);
    CHECK_EQUAL(memory_card_play(card, samples, FRAME), FRAME);
    CHECK_EQUAL(memory_card_play(card, samples, FRAME), 0);
    for (int tick = 0; tick < 100; tick++)
        memory_card_put(card, frame);
    CHECK_BETWEEN((double)card->waiting, 0, MEMORY_CARD_BUFFER);
    free(card);
}

int main(void)
{
    static const double clocks[] = {0, 200, -200, 400, -400};
    for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        test_its_clock_moves_by_its_rate(clocks[i]);
        test_capture_follows(clocks[i]);
        test_playback_follows(clocks[i]);
    }
    test_a_master_passes_its_samples_on_as_they_are();
    test_a_card_nobody_plays_is_silent_and_one_nobody_empties_is_full();
    return 0;
}
