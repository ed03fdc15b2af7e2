/* Plain libopus with in-band FEC and perfect timing, for comparison:
 *
 *     bench_opus_fec IN OUT LOSS_PERCENT SEED
 *
 * IN and OUT are raw 16 kHz mono int16 in the machine's byte order. Wideband, 24 kbit/s, complexity 5, frames of 20 ms; each packet
 * is lost independently and recovered from the next one where that one came.
 */
#include <opus/opus.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "signals.h"

enum { RATE = 16000, FRAME = 320, BIT_RATE = 24000, COMPLEXITY = 5, PACKET_MAX = 1500, EXPECTED_LOSS = 10 };

static OpusEncoder *new_encoder(void)
{
    int error;
    OpusEncoder *encoder = opus_encoder_create(RATE, 1, OPUS_APPLICATION_VOIP, &error);
    opus_encoder_ctl(encoder, OPUS_SET_BITRATE(BIT_RATE));
    opus_encoder_ctl(encoder, OPUS_SET_COMPLEXITY(COMPLEXITY));
    opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(1));
    opus_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC(EXPECTED_LOSS));
    return encoder;
}

static void play(OpusDecoder *decoder, const uint8_t *packet, int size, bool redundancy, FILE *out)
{
    int16_t heard[FRAME];
    if (opus_decode(decoder, packet, size, heard, FRAME, redundancy) == FRAME) {
        fwrite(heard, sizeof *heard, FRAME, out);
    }
}

int main(int count, char **arguments)
{
    FILE *in = count == 5 ? fopen(arguments[1], "rb") : NULL, *out = in != NULL ? fopen(arguments[2], "wb") : NULL;
    if (out == NULL) {
        fprintf(stderr, "usage: bench_opus_fec IN OUT LOSS_PERCENT SEED\n");
        return 2;
    }
    unsigned loss_percent = (unsigned)strtoul(arguments[3], NULL, 10);
    uint32_t seed = (uint32_t)strtoul(arguments[4], NULL, 10) * 2654435761u + 1u;
    int error;
    OpusEncoder *encoder = new_encoder();
    OpusDecoder *decoder = opus_decoder_create(RATE, 1, &error);
    int16_t spoken[FRAME];
    uint8_t packet[PACKET_MAX];
    bool missing = false;
    while (fread(spoken, sizeof *spoken, FRAME, in) == FRAME) {
        int size = opus_encode(encoder, spoken, FRAME, packet, PACKET_MAX);
        bool lost = random_next(&seed) / 7 % 100 < loss_percent;
        if (missing) {
            play(decoder, lost ? NULL : packet, lost ? 0 : size, !lost, out);
        }
        if (!lost) {
            play(decoder, packet, size, false, out);
        }
        missing = lost;
    }
    opus_encoder_destroy(encoder);
    opus_decoder_destroy(decoder);
    fclose(in);
    return fclose(out) == 0 ? 0 : 1;
}
