/* speexdsp: a linear filter in the frequency domain (MDF), and a spectral suppressor for what it leaves, noise and gain. */
#include <speex/speex_echo.h>
#include <speex/speex_preprocess.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "sample.h"
#include "voice_processor.h"

enum {
    RATE = 16000,
    RESIDUE_DB = -40,                   /* while the far end talks alone */
    RESIDUE_ACTIVE_DB = -15,            /* while both talk */
    GAIN_MOST_DB = 12,
    GAIN_TARGET = 8000,                 /* speexdsp's measure of loudness; its own default, for 16 bit samples */
};

struct speex_processor {
    struct voice_processor processor;   /* first */
    SpeexEchoState *echo;               /* NULL: no echo control */
    SpeexPreprocessState *preprocess;   /* NULL: nothing but the linear filter */
    int16_t reference[MEDIA_FRAME_SAMPLES];     /* what went to the ear in the tick before */
};

static int noise_db(enum media_noise noise)
{
    switch (noise) {
    case MEDIA_NOISE_KEPT:
        return 0;
    case MEDIA_NOISE_MODERATE:
        return -10;
    case MEDIA_NOISE_STRONG:
        return -25;
    }
    return 0;
}

static void take_reference(struct voice_processor *processor, const int16_t *frame)
{
    struct speex_processor *speex = (struct speex_processor *)processor;
    memcpy(speex->reference, frame, sizeof speex->reference);
}

static void clean(struct voice_processor *processor, int16_t *frame, int delay_ms)
{
    (void)delay_ms;     /* the filter is long enough to find it */
    struct speex_processor *speex = (struct speex_processor *)processor;
    if (speex->echo != NULL) {
        int16_t heard[MEDIA_FRAME_SAMPLES];
        memcpy(heard, frame, sizeof heard);
        speex_echo_cancellation(speex->echo, heard, speex->reference, frame);
        processor->linear_power = mean_square(frame, MEDIA_FRAME_SAMPLES);
    }
    if (speex->preprocess != NULL)
        speex_preprocess_run(speex->preprocess, frame);
}

static void release(struct voice_processor *processor)
{
    struct speex_processor *speex = (struct speex_processor *)processor;
    if (speex->echo != NULL)
        speex_echo_state_destroy(speex->echo);
    if (speex->preprocess != NULL)
        speex_preprocess_state_destroy(speex->preprocess);
    free(speex);
}

static bool make_echo(struct speex_processor *speex, unsigned tail_ms)
{
    int rate = RATE;
    speex->echo = speex_echo_state_init(MEDIA_FRAME_SAMPLES, (int)tail_ms * RATE / 1000);
    return speex->echo != NULL && speex_echo_ctl(speex->echo, SPEEX_ECHO_SET_SAMPLING_RATE, &rate) == 0;
}

static bool make_preprocess(struct speex_processor *speex, const struct voice_task *task)
{
    /* With "denoise" off the library would leave the residual echo too; a suppression of 0 dB leaves the noise alone. */
    int on = 1, noise = noise_db(task->noise), gain = task->gain, most = GAIN_MOST_DB;
    int residue = RESIDUE_DB, residue_active = RESIDUE_ACTIVE_DB;
    float target = GAIN_TARGET;
    speex->preprocess = speex_preprocess_state_init(MEDIA_FRAME_SAMPLES, RATE);
    if (speex->preprocess == NULL)
        return false;
    speex_preprocess_ctl(speex->preprocess, SPEEX_PREPROCESS_SET_DENOISE, &on);
    speex_preprocess_ctl(speex->preprocess, SPEEX_PREPROCESS_SET_NOISE_SUPPRESS, &noise);
    speex_preprocess_ctl(speex->preprocess, SPEEX_PREPROCESS_SET_AGC, &gain);
    speex_preprocess_ctl(speex->preprocess, SPEEX_PREPROCESS_SET_AGC_LEVEL, &target);
    speex_preprocess_ctl(speex->preprocess, SPEEX_PREPROCESS_SET_AGC_MAX_GAIN, &most);
    if (task->suppress_residue) {
        speex_preprocess_ctl(speex->preprocess, SPEEX_PREPROCESS_SET_ECHO_STATE, speex->echo);
        speex_preprocess_ctl(speex->preprocess, SPEEX_PREPROCESS_SET_ECHO_SUPPRESS, &residue);
        speex_preprocess_ctl(speex->preprocess, SPEEX_PREPROCESS_SET_ECHO_SUPPRESS_ACTIVE, &residue_active);
    }
    return true;
}

struct voice_processor *speex_processor_new(const struct voice_task *task)
{
    struct speex_processor *speex = memory_new(sizeof *speex);
    if (speex == NULL)
        return NULL;
    speex->processor = (struct voice_processor){.far = take_reference, .near = clean, .free = release};
    bool preprocesses = task->suppress_residue || task->noise != MEDIA_NOISE_KEPT || task->gain;
    if ((task->cancel_echo && !make_echo(speex, task->echo_tail_ms)) || (preprocesses && !make_preprocess(speex, task))) {
        release(&speex->processor);
        return NULL;
    }
    return &speex->processor;
}
