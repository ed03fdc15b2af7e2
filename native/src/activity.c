#include "activity.h"

enum { HANGOVER = 20 };

static const float STANDS_OUT = 10.0f;       /* 10 dB above the background's faintest frames                  */
static const float ALWAYS = 1.0e6f;          /* mean square, about -30 dBov: speech at any background         */
static const float NEVER = 100.0f;           /* about -70 dBov: nobody hears it                               */
static const float RISE = 1.01f;             /* 4.3 dB a second                                               */

static float power_of(const int16_t frame[CODEC_FRAME_SAMPLES])
{
    float sum = 0.0f;
    for (int i = 0; i < CODEC_FRAME_SAMPLES; i++)
        sum += (float)frame[i] * (float)frame[i];
    return sum / CODEC_FRAME_SAMPLES;
}

bool activity_detect(struct activity *activity, const int16_t frame[CODEC_FRAME_SAMPLES])
{
    float power = power_of(frame);
    float risen = activity->floor * RISE;
    activity->floor = activity->floor == 0.0f || power < risen ? power + 1.0f : risen;
    bool speech = power > ALWAYS || (power > NEVER && power > STANDS_OUT * activity->floor);
    activity->hangover = speech ? HANGOVER : activity->hangover - (activity->hangover > 0);
    return activity->hangover > 0;
}
