/* G.711 against spandsp, for every one of the 65536 inputs and 256 codes. */
#include <spandsp.h>

#include "check.h"
#include "g711.h"

enum { INPUTS = 65536, CODES = 256 };

static int16_t input[INPUTS], output[CODES];
static uint8_t code[INPUTS], codes[CODES];

static void test_encode(void)
{
    for (int i = 0; i < INPUTS; i++) {
        input[i] = (int16_t)(i - 32768);
    }
    g711_ulaw_encode(input, INPUTS, code);
    for (int i = 0; i < INPUTS; i++) {
        CHECK_EQUAL(code[i], linear_to_ulaw(input[i]));
    }
    g711_alaw_encode(input, INPUTS, code);
    for (int i = 0; i < INPUTS; i++) {
        CHECK_EQUAL(code[i], linear_to_alaw(input[i]));
    }
}

static void test_decode(void)
{
    for (int i = 0; i < CODES; i++) {
        codes[i] = (uint8_t)i;
    }
    g711_ulaw_decode(codes, CODES, output);
    for (int i = 0; i < CODES; i++) {
        CHECK_EQUAL(output[i], ulaw_to_linear((uint8_t)i));
    }
    g711_alaw_decode(codes, CODES, output);
    for (int i = 0; i < CODES; i++) {
        CHECK_EQUAL(output[i], alaw_to_linear((uint8_t)i));
    }
}

int main(void)
{
    test_encode();
    test_decode();
    return 0;
}
