/* A sound device that is an ALSA card, which may come and go. */
#ifndef IP270_DEVICE_ALSA_H
#define IP270_DEVICE_ALSA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "card.h"
#include "device.h"

struct device_thread;

struct alsa_device {
    struct device device;               /* first */
    struct media_device_config config;
    struct device_thread *thread;

    _Atomic(struct card *) ready;       /* a running card on its way from the device thread to the media thread */

    /* The media thread's own. */
    struct card *card;                  /* NULL: none just now */
    bool master;                        /* paces the tick in CLOCK_CARD */
    int64_t taken_ns;                   /* when the card was taken over */

    /* The device thread's own. */
    int reported_error;                 /* the failure last told of: each is told once */
    int64_t retry_ns;                   /* when to try again; 0: nothing to do */
    int64_t retry_delay_ns;
};

/* A card that the media thread gives back. */
struct returned_card {
    struct alsa_device *device;
    struct card *card;
    int error;                          /* 0: the device is being closed; -EPIPE, -ESTRPIPE: revive it; else it is lost */
};

/* Controlling thread. NULL when there is no memory. */
struct alsa_device *alsa_device_new(struct device_thread *thread, const struct media_device_config *config);
/* When no thread knows the device any more: closes what card there is and frees it. */
void alsa_device_free(struct alsa_device *device);
bool alsa_device_is(const struct device *device);

/* Media thread: takes over a card that has become ready, fetches what it has captured, and gives a failed card back. */
void alsa_device_poll(struct alsa_device *device, int64_t now_ns);
/* Media thread: gives the card back because the device is being closed. */
void alsa_device_drop(struct alsa_device *device);

#endif
