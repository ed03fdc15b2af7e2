#include "emodel.h"

#include <math.h>

/* Where all parameters of G.107 but those below have their default values. Ro is (7-2), Is (7-8). */
static const double SIGNAL_TO_NOISE = 94.7688, SIMULTANEOUS = 1.4136, WEIGHTED_ECHO_LOSS_DB = 110.0;
static const double LONGEST_MS = 10000.0;

struct impairment {
    double equipment;       /* Ie */
    double robustness;      /* Bpl */
};

/* G.113, appendix I, has G.711 with a packet loss concealment like ours. It has no values for the others on this scale: what they
 * lose to missed packets is taken to be the same, G.722's a little more for its predictor that has to find back; Opus in narrowband is
 * taken for as good as the best codec of its bit rate there, GSM enhanced full rate. */
static const struct impairment IMPAIRMENTS[] = {
    [MEDIA_PCMU] = {0.0, 25.1},
    [MEDIA_PCMA] = {0.0, 25.1},
    [MEDIA_G722] = {0.0, 18.0},
    [MEDIA_OPUS_NB] = {5.0, 25.1},
    [MEDIA_OPUS_WB] = {0.0, 25.1},
};

/* Half of the difference, and the root of its square with something added: the shape of several impairments. */
static double soft_step(double difference, double softness)
{
    return difference / 2 + sqrt(difference * difference / 4 + softness);
}

/* Idte, the talker's echo: (7-17) to (7-21). */
static double talker_echo(double delay_ms, double echo_loss_db)
{
    if (delay_ms < 1)
        return 0;
    double effective = echo_loss_db - 40 * log10((1 + delay_ms / 10) / (1 + delay_ms / 150)) + 6 * exp(-0.3 * delay_ms * delay_ms);
    double echo_rating = 80 + 2.5 * (effective - 14);
    return (soft_step(SIGNAL_TO_NOISE - echo_rating, 100) - 1) * (1 - exp(-delay_ms));
}

/* Idle, the listener's echo: (7-23) to (7-25). */
static double listener_echo(double round_trip_ms)
{
    double echo_rating = 10.5 * (WEIGHTED_ECHO_LOSS_DB + 7) / pow(round_trip_ms + 1, 0.25);
    return soft_step(SIGNAL_TO_NOISE - echo_rating, 169);
}

/* Idd, what delay alone does to a conversation: (7-26) to (7-28). */
static double long_delay(double delay_ms)
{
    if (delay_ms <= 100)
        return 0;
    double x = log2(delay_ms / 100);
    return 25 * (pow(1 + pow(x, 6), 1.0 / 6) - 3 * pow(1 + pow(x / 3, 6), 1.0 / 6) + 2);
}

/* Ie-eff: (7-29). */
static double missed_packets(const struct impairment *codec, double loss, double burst_ratio)
{
    double percent = 100 * fmin(fmax(loss, 0), 1);
    return codec->equipment + (95 - codec->equipment) * percent / (percent / fmax(burst_ratio, 1) + codec->robustness);
}

double emodel_rating(const struct emodel_connection *c)
{
    double delay = fmin(fmax(c->delay_ms, 0), LONGEST_MS);
    double rating = SIGNAL_TO_NOISE - SIMULTANEOUS - talker_echo(delay, c->echo_loss_db) - listener_echo(2 * delay) -
                    long_delay(delay) - missed_packets(&IMPAIRMENTS[c->codec], c->loss, c->burst_ratio);
    return fmin(fmax(rating, 0), 100);
}

double emodel_mos(double rating)
{
    double r = fmin(fmax(rating, 0), 100);
    return fmax(1, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6);
}
