#include "mixer.h"

#include <string.h>

#include "sample.h"

static const float PEAK = 0.891f;               /* -1 dB: a codec that halves the rate may go beyond what it was given */

void mixer_clear(struct bus *bus)
{
    bus->talking = 0;
    memset(bus->sum, 0, sizeof bus->sum);
}

void mixer_add_sound(struct bus *bus, const int16_t frame[MEDIA_FRAME_SAMPLES])
{
    for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++)
        bus->sum[i] += frame[i];
}

/* What goes into the sum where the gain is neither nothing nor one, or changes. */
static void scale_contribution(struct party *party, float target)
{
    float gain = party->faded, step = (target - gain) / MEDIA_FRAME_SAMPLES;
    for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++)
        party->contribution[i] = (int32_t)((float)party->input[i] * (gain + step * (float)(i + 1)));
    for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++)
        party->bus->sum[i] += party->contribution[i];
}

void mixer_add(struct party *party)
{
    if (party->bus == NULL)
        return;
    float target = party->talk ? party->gain : 0;
    bool steady = target == party->faded;
    if (steady && target == 0) {
        party->adds = PARTY_NOTHING;
    } else if (steady && target == 1) {
        party->adds = PARTY_INPUT;
        mixer_add_sound(party->bus, party->input);
    } else {
        party->adds = PARTY_CONTRIBUTION;
        scale_contribution(party, target);
    }
    party->bus->talking += party->adds != PARTY_NOTHING;
    party->faded = target;
}

static void hear_one(struct party *party, enum party_adds less)
{
    const struct bus *bus = party->bus;
    switch (less) {
    case PARTY_NOTHING:
        for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++)
            party->heard[i] = saturate(bus->sum[i]);
        break;
    case PARTY_INPUT:
        for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++)
            party->heard[i] = saturate(bus->sum[i] - party->input[i]);
        break;
    case PARTY_CONTRIBUTION:
        for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++)
            party->heard[i] = saturate(bus->sum[i] - party->contribution[i]);
        break;
    }
}

/* From what is heard at once to the same a millisecond later, over one frame, without a step at either end. */
static void begin_limiting(struct party *party, const int32_t *sum)
{
    int16_t later[MEDIA_FRAME_SAMPLES];
    limiter_init(&party->limiter, PEAK, 0);
    limiter_hold(&party->limiter, saturate(sum[0]));
    limiter_run_sum(&party->limiter, sum, later);
    for (int32_t i = 0; i < MEDIA_FRAME_SAMPLES; i++)
        party->heard[i] = (int16_t)((saturate(sum[i]) * (MEDIA_FRAME_SAMPLES - i) + later[i] * i) / MEDIA_FRAME_SAMPLES);
    party->limited = true;
}

static void hear_several(struct party *party, enum party_adds less)
{
    int32_t sum[MEDIA_FRAME_SAMPLES];
    memcpy(sum, party->bus->sum, sizeof sum);
    for (int i = 0; i < MEDIA_FRAME_SAMPLES && less == PARTY_INPUT; i++)
        sum[i] -= party->input[i];
    for (int i = 0; i < MEDIA_FRAME_SAMPLES && less == PARTY_CONTRIBUTION; i++)
        sum[i] -= party->contribution[i];
    if (party->limited)
        limiter_run_sum(&party->limiter, sum, party->heard);
    else
        begin_limiting(party, sum);
}

void mixer_hear(struct party *party)
{
    if (party->bus == NULL || !party->listen) {
        memset(party->heard, 0, sizeof party->heard);
        party->limited = false;
        return;
    }
    enum party_adds less = party->bus->hear_self ? PARTY_NOTHING : party->adds;
    unsigned others = party->bus->talking - (less != PARTY_NOTHING);
    if (others > 1 || party->limited)
        hear_several(party, less);
    else
        hear_one(party, less);
}

void mixer_overlay(int16_t out[MEDIA_FRAME_SAMPLES], const int16_t in[MEDIA_FRAME_SAMPLES])
{
    for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++)
        out[i] = saturate(out[i] + in[i]);
}

void mixer_scale(int16_t frame[MEDIA_FRAME_SAMPLES], float gain)
{
    for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++) {
        frame[i] = (int16_t)saturate_float((float)frame[i] * gain);
    }
}
