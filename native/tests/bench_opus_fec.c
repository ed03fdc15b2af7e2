/* Plain libopus with in-band FEC and perfect timing, for comparison:
 *
 *     bench_opus_fec IN OUT LOST
 *
 * IN and OUT are raw 16 kHz mono int16 in the machine's byte order. Wideband, 24 kbit/s, complexity 5, frames of 20 ms. LOST has a byte
 * for each packet, not nought where it is lost; after its end all come. What is lost is recovered from the next packet where that came.
 */
#include <opus/opus.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

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
    FILE *in = count == 4 ? fopen(arguments[1], "rb") : NULL, *losses = in != NULL ? fopen(arguments[3], "rb") : NULL;
    FILE *out = losses != NULL ? fopen(arguments[2], "wb") : NULL;
    if (out == NULL) {
        fprintf(stderr, "usage: bench_opus_fec IN OUT LOST\n");
        return 2;
    }
    int error;
    OpusEncoder *encoder = new_encoder();
    OpusDecoder *decoder = opus_decoder_create(RATE, 1, &error);
    int16_t spoken[FRAME];
    uint8_t packet[PACKET_MAX];
    bool missing = false;
    while (fread(spoken, sizeof *spoken, FRAME, in) == FRAME) {
        int size = opus_encode(encoder, spoken, FRAME, packet, PACKET_MAX);
        bool lost = fgetc(losses) > 0;
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
    fclose(losses);
    return fclose(out) == 0 ? 0 : 1;
}
