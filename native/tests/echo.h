/* A far end that talks in bursts, and a room whose microphone hears it: what the echo controls are tried with. */
#ifndef IP270_TEST_ECHO_H
#define IP270_TEST_ECHO_H

#include <math.h>
#include <string.h>

#include "check.h"
#include "enhancer.h"

enum { ECHO_FRAME = MEDIA_FRAME_SAMPLES, ROOM = 1200, ROOM_DELAY = 320 };

struct room {
    uint32_t seed;
    double response[ROOM];
    double said[ROOM + ROOM_DELAY];     /* newest first */
    double colour;
};

static double random_sample(struct room *room)
{
    room->seed = room->seed * 1664525u + 1013904223u;
    return (double)(room->seed >> 8) / (1 << 23) - 1;
}

static void room_init(struct room *room)
{
    memset(room, 0, sizeof *room);
    room->seed = 7;
    for (int i = 0; i < ROOM; i++)
        room->response[i] = random_sample(room) * exp(-6.9 * i / ROOM) * 0.08;
}

/* 10 ms: what the far end says, silent for the last third of each second, and its echo. */
static void room_speak(struct room *room, int tick, int16_t *far, int16_t *echo)
{
    for (int i = 0; i < ECHO_FRAME; i++) {
        room->colour = 0.85 * room->colour + random_sample(room);
        double sample = tick % 100 < 66 ? room->colour * 1500 : 0, heard = 0;
        memmove(room->said + 1, room->said, sizeof room->said - sizeof *room->said);
        room->said[0] = far[i] = (int16_t)sample;
        for (int k = 0; k < ROOM; k++)
            heard += room->response[k] * room->said[ROOM_DELAY + k];
        echo[i] = (int16_t)heard;
    }
}

static double power_of(const int16_t *frame)
{
    double sum = 0;
    for (int i = 0; i < ECHO_FRAME; i++)
        sum += (double)frame[i] * frame[i];
    return sum;
}

/* What is taken from an echo in the last of `seconds`, in dB. */
static double echo_loss(enum media_echo control, int seconds)
{
    static struct room room;
    struct media_enhancement wanted = {.echo = (int32_t)control};
    struct enhancer *enhancer = enhancer_new(&wanted);
    int16_t far[ECHO_FRAME], echo[ECHO_FRAME];
    double before = 0, after = 0;
    CHECK(enhancer != NULL);
    room_init(&room);
    for (int tick = 0; tick < seconds * 100; tick++) {
        room_speak(&room, tick, far, echo);
        bool counts = tick >= (seconds - 1) * 100;
        before += counts ? power_of(echo) : 0;
        enhancer_near(enhancer, echo, 20);
        after += counts ? power_of(echo) : 0;
        enhancer_far(enhancer, far);
    }
    enhancer_free(enhancer);
    return 10 * log10((before + 1) / (after + 1));
}

#endif
