/* signals.h: test signals that need no file: seeded noise, and a voice made of gliding harmonics with pauses. */
#ifndef IP270_TESTS_SIGNALS_H
#define IP270_TESTS_SIGNALS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

static inline uint32_t random_next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static inline void signal_noise(int16_t *out, size_t samples, uint32_t seed, int amplitude)
{
    for (size_t i = 0; i < samples; i++) {
        out[i] = (int16_t)((int)(random_next(&seed) % (uint32_t)(2 * amplitude + 1)) - amplitude);
    }
}

/* Half a second of voice with a pitch of 90 to 180 Hz, then 100 ms of near silence, over and over; peak about 12000. */
static inline void signal_voice(int16_t *out, size_t samples)
{
    double phase = 0.0;
    uint32_t seed = 7;
    for (size_t i = 0; i < samples; i++) {
        double seconds = (double)i / 16000.0;
        double within = fmod(seconds, 0.6);
        double pitch = 130.0 + 40.0 * sin(6.28318530718 * 0.7 * seconds);
        phase += 6.28318530718 * pitch / 16000.0;
        double envelope = within < 0.5 ? sin(3.14159265359 * within / 0.5) : 0.0;
        double sum = 0.0;
        for (int harmonic = 1; harmonic <= 24; harmonic++) {
            sum += sin(harmonic * phase) / harmonic;
        }
        double hiss = (double)(random_next(&seed) % 201u) - 100.0;
        out[i] = (int16_t)(6000.0 * envelope * sum + hiss);
    }
}

static inline void signal_sine(int16_t *out, size_t samples, double frequency, double amplitude)
{
    for (size_t i = 0; i < samples; i++) {
        out[i] = (int16_t)lrint(amplitude * sin(6.28318530718 * frequency * (double)i / 16000.0));
    }
}

#endif
