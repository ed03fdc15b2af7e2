/* Echo control as the phone has it, and that each part of it is made, used and freed without a leak. */
#include "echo.h"

static void test_echoes_go(void)
{
    CHECK(echo_loss(MEDIA_ECHO_FULL, 5) > 30);
    CHECK(echo_loss(MEDIA_ECHO_LIGHT, 5) > 12);
}

static void test_all_combinations_are_made(void)
{
    for (int echo = MEDIA_ECHO_OFF; echo <= MEDIA_ECHO_FULL; echo++) {
        for (int noise = MEDIA_NOISE_KEPT; noise <= MEDIA_NOISE_STRONG; noise++) {
            for (int gain = 0; gain <= 1; gain++) {
                struct media_enhancement wanted = {.echo = echo, .noise = noise, .gain = gain};
                struct enhancer *enhancer = enhancer_new(&wanted);
                CHECK(enhancer != NULL);
                enhancer_free(enhancer);
            }
        }
    }
}

int main(void)
{
    test_echoes_go();
    test_all_combinations_are_made();
    return 0;
}
