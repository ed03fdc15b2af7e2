/* The same where webrtc is not installed: speexdsp does it all. The enhancer is compiled here anew, without webrtc. */
#undef IP270_WEBRTC
#include "../src/enhancer.c"

#include "echo.h"

static void test_echoes_go(void)
{
    CHECK(echo_loss(MEDIA_ECHO_FULL, 5) > 18);
}

static void test_noise_goes(void)
{
    static struct room room;
    struct media_enhancement wanted = {.noise = MEDIA_NOISE_STRONG};
    struct enhancer *e = enhancer_new(&wanted);
    int16_t frame[MEDIA_FRAME_SAMPLES];
    double before = 0, after = 0;
    CHECK(e != NULL);
    room_init(&room);
    for (int tick = 0; tick < 400; tick++) {
        for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++)
            frame[i] = (int16_t)(random_sample(&room) * 300);
        before += tick >= 300 ? power_of(frame) : 0;
        enhancer_near(e, frame, 0);
        after += tick >= 300 ? power_of(frame) : 0;
    }
    CHECK(before / after > 10);
    enhancer_free(e);
}

int main(void)
{
    test_echoes_go();
    test_noise_goes();
    return 0;
}
