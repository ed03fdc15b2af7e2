/* The device thread: opens, revives and closes sound cards, because all three may wait for a driver or a sound server.
 *
 *   control --open, close--> device thread --card ready (pointer swap)--> media --card failed or dropped--> device thread
 *
 * A card that can't be opened, or was lost, is tried again after 1, 2, 4 and then every 8 seconds. */
#ifndef IP270_DEVICE_THREAD_H
#define IP270_DEVICE_THREAD_H

#include <stdbool.h>

#include "device_alsa.h"
#include "events.h"
#include "queue.h"
#include "worker.h"

enum { ALSA_DEVICES_MAX = 64 };         /* open ones, and those on their way out */

enum device_request_kind { REQUEST_OPEN, REQUEST_CLOSE };

struct device_request {
    enum device_request_kind kind;
    struct alsa_device *device;
};

struct device_thread {
    struct queue requests;              /* from the controlling thread: struct device_request */
    struct queue returned;              /* from the media thread: struct returned_card */
    struct queue released;              /* to the controlling thread: struct alsa_device *, free to be freed */
    struct events events;
    struct worker worker;
    struct alsa_device *devices[ALSA_DEVICES_MAX];      /* the thread's own */
    unsigned device_count;
};

int device_thread_init(struct device_thread *thread, int event_descriptor);
int device_thread_start(struct device_thread *thread);
void device_thread_stop(struct device_thread *thread);          /* waits for it */
void device_thread_free(struct device_thread *thread);          /* after the media thread, too, has ended */

/* Controlling thread; false when the queue is full. */
bool device_thread_request(struct device_thread *thread, enum device_request_kind kind, struct alsa_device *device);
/* Media thread: hands a card back. Never waits. */
void device_thread_return(struct device_thread *thread, struct alsa_device *device, struct card *card, int error);

#endif
