#include "level.h"

#include <math.h>

enum { SILENCE_DBOV = -127 };

void level_add(struct level *level, const int16_t frame[MEDIA_FRAME_SAMPLES])
{
    int64_t power = 0;
    for (int i = 0; i < MEDIA_FRAME_SAMPLES; i++)
        power += frame[i] * frame[i];
    level->power += power;
    level->frames++;
}

double level_take(struct level *level)
{
    double mean = level->frames == 0 ? 0 : (double)level->power / ((double)level->frames * MEDIA_FRAME_SAMPLES);
    *level = (struct level){0};
    return mean <= 0 ? SILENCE_DBOV : fmax(10 * log10(mean / (32768.0 * 32768.0)), SILENCE_DBOV);
}
