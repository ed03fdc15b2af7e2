/* emodel.h: how good a connection sounds, by the E-model of ITU-T G.107 (06/2015) with its default values.
 *
 * Wideband codecs are rated on the same scale, where nothing is better than a clean G.711: the wideband scale of G.107.1 fits neither
 * RFC 3611 nor what people compare.
 */
#ifndef IP270_EMODEL_H
#define IP270_EMODEL_H

#include "ip270_media.h"

/** What the rating depends on here; everything else is at G.107's default. */
struct emodel_connection {
    enum media_codec codec;
    double loss;                         /**< Share of packets not played, 0 to 1                      */
    double burst_ratio;                  /**< BurstR, 1: they are missed by chance                     */
    double delay_ms;                     /**< One way, from mouth to ear                               */
    double echo_loss_db;                 /**< TELR, how much weaker the talker's echo is; MEDIA_ECHO_LOSS_DB: by default */
};

/** The transmission rating factor R, 0 to 93.2. */
double emodel_rating(const struct emodel_connection *connection);

/** The mean opinion score that G.107, annex B, makes of it: 1 to 4.5. */
double emodel_mos(double rating);

#endif
