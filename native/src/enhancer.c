#include "enhancer.h"

#include <stdlib.h>
#include <string.h>

#include "double_talk.h"
#include "memory.h"
#include "residual_echo.h"
#include "sample.h"
#include "voice_processor.h"

enum {
    FULL_TAIL_MS = 200,                 /* both cards' buffers and an office's reverberation */
    LIGHT_TAIL_MS = 128,
    LATER = 48,                         /* samples by which the linear way, with its suppressor, comes after webrtc's */
    WARM_UP_FRAMES = 4,
};

static const float RISE = 0.7f, FALL = 0.15f;   /* of the way to the other result, in one tick */

struct enhancer {
    struct object object;               /* first */
    struct voice_processor *suppressing;    /* each may be NULL */
    struct voice_processor *linear;
    struct voice_processor *cleaner;
    struct double_talk double_talk;
    struct residual_echo residue;
    float sent;                         /* mean square of the last frame */
    float share;                        /* of the linear result in what is sent */
    int16_t late[LATER];                /* the end of the suppressing result before */
};

/* From the share before to the share wanted, without a step. */
static void mix(struct enhancer *e, int16_t *frame, const int16_t *suppressed, bool linear_is_better)
{
    float target = linear_is_better ? 1 : 0;
    float step = (target > e->share ? RISE : FALL) * (target - e->share) / MEDIA_FRAME_SAMPLES;
    int16_t delayed[LATER + MEDIA_FRAME_SAMPLES];
    memcpy(delayed, e->late, sizeof e->late);
    memcpy(delayed + LATER, suppressed, MEDIA_FRAME_SAMPLES * sizeof *suppressed);
    memcpy(e->late, delayed + MEDIA_FRAME_SAMPLES, sizeof e->late);
    for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++) {
        float share = e->share + step * (float)i;
        frame[i] = (int16_t)(share * (float)frame[i] + (1 - share) * (float)delayed[i]);
    }
    e->share += step * MEDIA_FRAME_SAMPLES;
}

static void control_echo(struct enhancer *e, int16_t *frame, int delay_ms)
{
    if (e->suppressing == NULL) {
        e->linear->near(e->linear, frame, delay_ms);
        return;
    }
    int16_t suppressed[MEDIA_FRAME_SAMPLES];
    float microphone = mean_square(frame, MEDIA_FRAME_SAMPLES);
    memcpy(suppressed, frame, sizeof suppressed);
    e->suppressing->near(e->suppressing, suppressed, delay_ms);
    e->linear->near(e->linear, frame, delay_ms);
    bool linear_is_better =
        double_talk_update(&e->double_talk, microphone, mean_square(suppressed, MEDIA_FRAME_SAMPLES), e->linear->linear_power);
    mix(e, frame, suppressed, linear_is_better);
}

void enhancer_near(struct enhancer *e, int16_t frame[MEDIA_FRAME_SAMPLES], int delay_ms)
{
    if (e->linear != NULL)
        control_echo(e, frame, delay_ms);
    if (e->cleaner != NULL)
        e->cleaner->near(e->cleaner, frame, delay_ms);
    e->sent = mean_square(frame, MEDIA_FRAME_SAMPLES);
}

void enhancer_far(struct enhancer *e, const int16_t frame[MEDIA_FRAME_SAMPLES])
{
    if (e->suppressing != NULL)
        e->suppressing->far(e->suppressing, frame);
    if (e->linear != NULL)
        e->linear->far(e->linear, frame);
    residual_echo_update(&e->residue, e->sent, mean_square(frame, MEDIA_FRAME_SAMPLES));
}

double enhancer_echo_loss(const struct enhancer *e)
{
    return residual_echo_loss(&e->residue);
}

/* --- making; controlling thread --- */

static struct voice_processor *new_cleaner(const struct voice_task *task)
{
#ifdef IP270_WEBRTC
    return webrtc_processor_new(task);
#else
    return speex_processor_new(task);
#endif
}

static bool make_echo(struct enhancer *e, enum media_echo echo)
{
    bool full = echo == MEDIA_ECHO_FULL;
    struct voice_task task = {
        .cancel_echo = true,
        .suppress_residue = full,
        .echo_tail_ms = full ? FULL_TAIL_MS : LIGHT_TAIL_MS,
    };
    if (echo == MEDIA_ECHO_OFF)
        return true;
    e->linear = speex_processor_new(&task);
#ifdef IP270_WEBRTC
    if (full) {
        e->suppressing = webrtc_processor_new(&task);
        return e->linear != NULL && e->suppressing != NULL;
    }
#endif
    return e->linear != NULL;
}

static bool make_cleaner(struct enhancer *e, const struct media_enhancement *wanted)
{
    struct voice_task task = {.noise = (enum media_noise)wanted->noise, .gain = wanted->gain};
    if (task.noise == MEDIA_NOISE_KEPT && !task.gain)
        return true;
    e->cleaner = new_cleaner(&task);
    return e->cleaner != NULL;
}

static void release(struct object *object)
{
    enhancer_free((struct enhancer *)object);
}

void enhancer_free(struct enhancer *e)
{
    if (e == NULL)
        return;
    struct voice_processor *const processors[] = {e->suppressing, e->linear, e->cleaner};
    for (size_t i = 0; i < sizeof processors / sizeof *processors; i++) {
        if (processors[i] != NULL)
            processors[i]->free(processors[i]);
    }
    free(e);
}

struct object *enhancer_object(struct enhancer *e)
{
    return &e->object;
}

struct enhancer *enhancer_new(const struct media_enhancement *wanted)
{
    struct enhancer *e = memory_new(sizeof *e);
    if (e == NULL)
        return NULL;
    e->object.kind = OBJECT_ENHANCER;
    e->object.free = release;
    if (!make_echo(e, (enum media_echo)wanted->echo) || !make_cleaner(e, wanted)) {
        enhancer_free(e);
        return NULL;
    }
    /* The libraries touch all they have before the media thread does. */
    int16_t silence[MEDIA_FRAME_SAMPLES] = {0};
    for (int i = 0; i < WARM_UP_FRAMES; i++) {
        enhancer_near(e, silence, 0);
        enhancer_far(e, silence);
    }
    return e;
}
