#include "level.h"

#include <math.h>

#include "sample.h"

enum { SILENCE_DBOV = -127 };

static const double TALKS_DBOV = -45, SIGNAL_SHARE = 0.05, NOISE_RISE_DB = 0.1;

void level_init(struct level *level)
{
    *level = (struct level){.last = SILENCE_DBOV};
}

void level_add(struct level *level, const int16_t frame[MEDIA_FRAME_SAMPLES])
{
    level->power += (double)sum_of_squares(frame, MEDIA_FRAME_SAMPLES);
    level->frames++;
}

void level_add_silence(struct level *level)
{
    level->frames++;
}

double level_take(struct level *level)
{
    if (level->frames == 0)
        return level->last;
    double mean = level->power / ((double)level->frames * MEDIA_FRAME_SAMPLES);
    double dbov = mean <= 0 ? SILENCE_DBOV : fmax(10 * log10(mean / (32768.0 * 32768.0)), SILENCE_DBOV);
    *level = (struct level){.last = dbov};
    return dbov;
}

void speech_level_add(struct speech_level *speech, double dbov)
{
    if (dbov > TALKS_DBOV)
        speech->signal_dbov += (speech->signal_dbov == 0 ? 1 : SIGNAL_SHARE) * (dbov - speech->signal_dbov);
    speech->noise_dbov = speech->noise_dbov == 0 ? dbov : fmin(dbov, speech->noise_dbov + NOISE_RISE_DB);
}
