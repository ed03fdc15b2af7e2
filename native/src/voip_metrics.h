/* voip_metrics.h: what we tell the far end of how its voice arrives (RFC 3611, 4.7). Media thread; no clock, no sockets. */
#ifndef IP270_VOIP_METRICS_H
#define IP270_VOIP_METRICS_H

#include "receiver.h"
#include "rtcp_xr.h"

/** What the receiver does not know. Milliseconds; a negative one is not known. */
struct voip_conditions {
    double round_trip_ms;
    double packet_ms;                    /**< Of what we send                                          */
    double remote_end_system_ms;
    double echo_return_loss_db;          /**< Of the echo of its voice that we send back; negative: not known */
    double remote_echo_return_loss_db;   /**< Of the echo of our voice that it sends back              */
    double signal_dbov, noise_dbov;      /**< Of its voice, and between its words; 0: not known        */
};

/** Between the far end's packets and the ear, and between the microphone and ours (RFC 3611, 4.7.5). */
double voip_end_system_delay(double packet_ms, double playout_delay_ms);

/** From mouth to ear; a far end that does not say how long it takes is taken for as slow as we are. */
double voip_one_way_delay(double round_trip_ms, double end_system_ms, double remote_end_system_ms);

/** The talker echo loudness rating that an echo return loss at the far end makes; at most MEDIA_ECHO_LOSS_DB, and that by default. */
double voip_talker_echo_loss(double remote_echo_return_loss_db);

/** The metrics of a receiver that has heard something. */
void voip_metrics_from(struct rtcp_voip_metrics *out, const struct receiver_statistics *in, const struct voip_conditions *conditions);

/** Whether a byte of media_voip_metrics means something. */
static inline bool voip_metrics_known(int value)
{
    return value != RTCP_XR_UNKNOWN;
}

#endif
