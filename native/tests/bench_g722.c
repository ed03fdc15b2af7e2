/* G.722 against spandsp: one line of JSON with the median time of a 20 ms frame in ns. The two take turns, so that a busy
 * machine slows both. */
#include <spandsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "g722.h"
#include "signals.h"

enum { ROUNDS = 201, FRAMES = 50, FRAME_BYTES = 160, BYTES = FRAMES * FRAME_BYTES, SAMPLES = 2 * BYTES };

static int16_t input[SAMPLES], output[SAMPLES];
static uint8_t code[BYTES];
static double times[4][ROUNDS];

static struct g722_encoder our_encoder;
static struct g722_decoder our_decoder;
static g722_encode_state_t *their_encoder;
static g722_decode_state_t *their_decoder;

static void our_encode(size_t frame)
{
    g722_encoder_encode(&our_encoder, input + 2 * frame, FRAME_BYTES, code + frame);
}

static void their_encode(size_t frame)
{
    g722_encode(their_encoder, code + frame, input + 2 * frame, 2 * FRAME_BYTES);
}

static void our_decode(size_t frame)
{
    g722_decoder_decode(&our_decoder, code + frame, FRAME_BYTES, output + 2 * frame);
}

static void their_decode(size_t frame)
{
    g722_decode(their_decoder, output + 2 * frame, code + frame, FRAME_BYTES);
}

static double nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double time_frame(void (*work)(size_t))
{
    double start = nanoseconds();
    for (size_t frame = 0; frame < BYTES; frame += FRAME_BYTES) {
        work(frame);
    }
    return (nanoseconds() - start) / FRAMES;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, compare);
    return values[ROUNDS / 2];
}

int main(void)
{
    static void (*const WORK[])(size_t) = {our_encode, their_encode, our_decode, their_decode};
    signal_voice(input, SAMPLES);
    g722_encoder_init(&our_encoder);
    g722_decoder_init(&our_decoder);
    their_encoder = g722_encode_init(NULL, 64000, 0);
    their_decoder = g722_decode_init(NULL, 64000, 0);
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < 4; i++) {
            times[i][round] = time_frame(WORK[i]);
        }
    }
    printf("{\"encode_ns\": %.0f, \"encode_spandsp_ns\": %.0f, \"decode_ns\": %.0f, \"decode_spandsp_ns\": %.0f}\n",
           median(times[0]), median(times[1]), median(times[2]), median(times[3]));
    g722_encode_free(their_encoder);
    g722_decode_free(their_decoder);
    return 0;
}
