#include "mixer.h"

#include <string.h>

#include "sample.h"

void mixer_clear(struct bus *bus)
{
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
    party->faded = target;
}

void mixer_hear(struct party *party)
{
    const struct bus *bus = party->bus;
    if (bus == NULL || !party->listen) {
        memset(party->heard, 0, sizeof party->heard);
        return;
    }
    switch (bus->hear_self ? PARTY_NOTHING : party->adds) {
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
