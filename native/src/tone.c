#include "tone.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

enum { SAMPLE_RATE = 16000, FRAME = 160, SAMPLES_PER_MS = 16, SEGMENT_MS_MAX = 24 * 3600 * 1000 };

static const double PI = 3.14159265358979323846, FULL_SCALE_DBM0 = 3.14, FULL_SCALE = 32767.0;

static bool segment_valid(const struct tone_segment *segment)
{
    if (segment->frequency_count > TONE_FREQUENCIES_MAX || segment->on_ms > SEGMENT_MS_MAX || segment->off_ms > SEGMENT_MS_MAX) {
        return false;
    }
    for (unsigned i = 0; i < segment->frequency_count; i++) {
        if (segment->frequencies[i] < TONE_FREQUENCY_MIN || segment->frequencies[i] > TONE_FREQUENCY_MAX) {
            return false;
        }
    }
    if (segment->modulation_hz > TONE_MODULATION_MAX) {
        return false;
    }
    return segment->level_dbm0 >= TONE_LEVEL_MIN && segment->level_dbm0 <= TONE_LEVEL_MAX;
}

static bool endless(const struct tone_segment *segment)
{
    return segment->on_ms == 0 && segment->off_ms == 0;
}

static void begin_rotor(double rotor[2], double step[2], double frequency)
{
    double angle = 2.0 * PI * frequency / SAMPLE_RATE;
    rotor[0] = 1.0;
    rotor[1] = 0.0;
    step[0] = cos(angle);
    step[1] = sin(angle);
}

static void turn(double rotor[2], const double step[2])
{
    double cosine = rotor[0], sine = rotor[1];
    rotor[0] = cosine * step[0] - sine * step[1];
    rotor[1] = cosine * step[1] + sine * step[0];
}

static void begin_segment(struct tone *tone, unsigned index)
{
    const struct tone_segment *segment = &tone->spec.segments[index];
    tone->segment = index;
    tone->position = 0;
    tone->amplitude = FULL_SCALE * pow(10.0, (segment->level_dbm0 - FULL_SCALE_DBM0) / 20.0);
    for (unsigned i = 0; i < segment->frequency_count; i++) {
        begin_rotor(tone->rotor[i], tone->step[i], segment->frequencies[i]);
    }
    begin_rotor(tone->modulator, tone->modulator_step, segment->modulation_hz);
}

int tone_init(struct tone *tone, const struct tone_spec *spec)
{
    if (spec->segment_count < 1 || spec->segment_count > TONE_SEGMENTS_MAX) {
        return -EINVAL;
    }
    for (unsigned i = 0; i < spec->segment_count; i++) {
        if (!segment_valid(&spec->segments[i])) {
            return -EINVAL;
        }
    }
    memset(tone, 0, sizeof *tone);
    tone->spec = *spec;
    tone->playing = true;
    begin_segment(tone, 0);
    return 0;
}

/* Half a raised cosine: 0 at the first sample of a ramp, 1 after its last. */
static double ramp(uint64_t position)
{
    return position >= TONE_RAMP_SAMPLES ? 1.0 : 0.5 - 0.5 * cos(PI * (double)position / TONE_RAMP_SAMPLES);
}

static double envelope(const struct tone *tone)
{
    const struct tone_segment *segment = &tone->spec.segments[tone->segment];
    uint64_t on = (uint64_t)segment->on_ms * SAMPLES_PER_MS;
    double gain = ramp(tone->position);
    if (!endless(segment)) {
        gain = tone->position < on ? fmin(gain, ramp(on - tone->position)) : 0.0;
    }
    return tone->stopping ? gain * ramp(tone->release) : gain;
}

/* Sum of the segment's oscillators; each turns on by one sample. A rotor keeps its length to 1e-9 over the longest segment. */
static double oscillate(struct tone *tone)
{
    double sum = 0.0;
    for (unsigned i = 0; i < tone->spec.segments[tone->segment].frequency_count; i++) {
        sum += tone->rotor[i][1];
        turn(tone->rotor[i], tone->step[i]);
    }
    return sum;
}

/* The factor 1 + sin(2 pi m t), scaled so that carrier and side bands together have the power of the carrier alone. */
static double modulate(struct tone *tone)
{
    if (tone->spec.segments[tone->segment].modulation_hz == 0) {
        return 1.0;
    }
    double factor = (1.0 + tone->modulator[1]) / sqrt(1.5);
    turn(tone->modulator, tone->modulator_step);
    return factor;
}

/* Moves on to the next segment where this one is over. */
static void advance(struct tone *tone)
{
    const struct tone_segment *segment = &tone->spec.segments[tone->segment];
    uint64_t whole = ((uint64_t)segment->on_ms + segment->off_ms) * SAMPLES_PER_MS;
    if (endless(segment) || tone->position < whole) {
        return;
    }
    if (tone->segment + 1 < tone->spec.segment_count) {
        begin_segment(tone, tone->segment + 1);
    } else if (tone->spec.repeat) {
        begin_segment(tone, 0);
    } else {
        tone->playing = false;
    }
}

static int16_t next_sample(struct tone *tone)
{
    double value = oscillate(tone) * modulate(tone) * tone->amplitude * envelope(tone);
    tone->position++;
    if (tone->stopping) {
        tone->release -= tone->release > 0;
        tone->playing = tone->release > 0;
    }
    if (tone->playing) {
        advance(tone);
    }
    return (int16_t)lrint(fmax(-32768.0, fmin(32767.0, value)));
}

bool tone_get(struct tone *tone, int16_t out[FRAME])
{
    bool was_playing = tone->playing;
    for (unsigned i = 0; i < FRAME; i++) {
        out[i] = tone->playing ? next_sample(tone) : 0;
    }
    return was_playing;
}

void tone_stop(struct tone *tone)
{
    if (tone->playing && !tone->stopping) {
        tone->stopping = true;
        tone->release = TONE_RAMP_SAMPLES;
    }
}

int tone_dtmf(struct tone_segment *segment, char digit, int8_t level_dbm0, uint32_t on_ms)
{
    static const char KEYS[] = "123A456B789C*0#D";
    static const uint16_t ROWS[] = {697, 770, 852, 941}, COLUMNS[] = {1209, 1336, 1477, 1633};
    const char *key = digit != '\0' ? strchr(KEYS, digit) : NULL;
    if (key == NULL) {
        return -EINVAL;
    }
    ptrdiff_t index = key - KEYS;
    *segment = (struct tone_segment){
        .frequencies = {ROWS[index / 4], COLUMNS[index % 4]},
        .frequency_count = 2,
        .level_dbm0 = level_dbm0,
        .on_ms = on_ms,
    };
    return 0;
}
