/* A sound device that is two rings in memory: tests and the simulated phone feed its microphone and take its earpiece.
 * It follows the engine's tick, or has a card in between whose clock is its own. */
#ifndef IP270_DEVICE_MEMORY_H
#define IP270_DEVICE_MEMORY_H

#include "device.h"
#include "memory_card.h"
#include "sample_ring.h"

enum { MEMORY_DEVICE_SAMPLES = 1 << 18 };      /* each way: 16 seconds */

struct memory_device {
    struct device device;               /* first */
    struct sample_ring microphone;
    struct sample_ring earpiece;
    struct memory_card *card;           /* NULL: it follows the tick */
};

/* Controlling thread. Takes over `card`, which may be NULL. NULL when there is no memory. */
struct memory_device *memory_device_new(struct memory_card *card);
/* True when `device` is one of these. */
bool memory_device_is(const struct device *device);

#endif
