/* Who talks, told from what two echo controls leave. Levels are mean squares of a frame; 1e6 is speech at about -30 dBov. */
#include "check.h"
#include "double_talk.h"

static bool run(struct double_talk *state, int ticks, float microphone, float suppressed, float linear)
{
    bool result = false;
    for (int i = 0; i < ticks; i++)
        result = double_talk_update(state, microphone, suppressed, linear);
    return result;
}

static void test_an_echo_alone_is_suppressed(void)
{
    struct double_talk state = {0};
    CHECK(!run(&state, 200, 1e6f, 20, 1e4f));
    CHECK(state.learned_db > 10);
}

static void test_speech_above_a_known_echo_is_spared_and_a_while_longer(void)
{
    struct double_talk state = {0};
    run(&state, 200, 1e6f, 20, 1e4f);
    CHECK(run(&state, 10, 2e6f, 3e4f, 1e6f));
    CHECK(run(&state, 20, 1e6f, 20, 1e4f));
    CHECK(!run(&state, 50, 1e6f, 20, 1e4f));
}

static void test_what_the_linear_filter_knows_for_echo_is_no_speech(void)
{
    struct double_talk state = {0};
    run(&state, 200, 1e6f, 20, 1e4f);
    CHECK(!run(&state, 20, 1e6f, 3e4f, 1e4f));
}

static void test_a_room_that_changed_is_learned_while_the_suppressor_holds(void)
{
    struct double_talk state = {0};
    run(&state, 300, 1e6f, 20, 1e4f);
    CHECK(!run(&state, 100, 1e6f, 20, 1e6f));
    CHECK(state.learned_db < 2);
}

static void test_near_silence_is_no_speech(void)
{
    struct double_talk state = {0};
    CHECK(!run(&state, 100, 500, 500, 500));
}

int main(void)
{
    test_an_echo_alone_is_suppressed();
    test_speech_above_a_known_echo_is_spared_and_a_while_longer();
    test_what_the_linear_filter_knows_for_echo_is_no_speech();
    test_a_room_that_changed_is_learned_while_the_suppressor_holds();
    test_near_silence_is_no_speech();
    return 0;
}
