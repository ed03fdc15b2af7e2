#include "device_thread.h"

#include <errno.h>

#include "clock.h"

enum { REQUEST_QUEUE = 64, RETURN_QUEUE = 64, RELEASED_QUEUE = 64 };

static const int64_t RETRY_FIRST_NS = 1000 * 1000 * 1000;
static const int64_t RETRY_MOST_NS = 4LL * 1000 * 1000 * 1000;

int device_thread_init(struct device_thread *thread, int event_descriptor)
{
    int error = worker_init(&thread->worker);
    if (error == 0)
        error = queue_init(&thread->requests, REQUEST_QUEUE, sizeof(struct device_request));
    if (error == 0)
        error = queue_init(&thread->returned, RETURN_QUEUE, sizeof(struct returned_card));
    if (error == 0)
        error = queue_init(&thread->released, RELEASED_QUEUE, sizeof(struct alsa_device *));
    if (error == 0)
        error = events_init(&thread->events, event_descriptor);
    return error;
}

bool device_thread_request(struct device_thread *thread, enum device_request_kind kind, struct alsa_device *device)
{
    struct device_request request = {kind, device};
    if (!queue_push(&thread->requests, &request))
        return false;
    worker_wake(&thread->worker);
    return true;
}

void device_thread_return(struct device_thread *thread, struct alsa_device *device, struct card *card, int error)
{
    struct returned_card returned = {device, card, error};
    /* A device has one card and there are fewer devices than slots, so there is always room. */
    queue_push(&thread->returned, &returned);
    worker_wake(&thread->worker);
}

static void schedule_retry(struct alsa_device *device)
{
    int64_t delay = device->retry_delay_ns == 0 ? RETRY_FIRST_NS : device->retry_delay_ns * 2;
    device->retry_delay_ns = delay > RETRY_MOST_NS ? RETRY_MOST_NS : delay;
    device->retry_ns = clock_now() + device->retry_delay_ns;
}

static void hand_over(struct device_thread *thread, struct alsa_device *device, struct card *card)
{
    device->retry_ns = 0;
    device->retry_delay_ns = 0;
    device->reported_error = 0;
    card_close(atomic_exchange_explicit(&device->ready, card, memory_order_acq_rel));
    events_emit(&thread->events, MEDIA_EVENT_DEVICE_OPENED, device->device.party.object.id, 0, 0);
}

static void try_open(struct device_thread *thread, struct alsa_device *device)
{
    char text[MEDIA_TEXT_BYTES];
    struct card *card = NULL;
    int error = card_open(&card, &device->config, text, sizeof text);
    if (error == 0) {
        hand_over(thread, device, card);
        return;
    }
    if (error != device->reported_error)
        events_emit_text(&thread->events, MEDIA_EVENT_DEVICE_FAILED, device->device.party.object.id, -error, text);
    device->reported_error = error;
    /* libasound keeps what it read of its configuration, and a sound server's part of that is read only while it runs. */
    snd_config_update_free_global();
    schedule_retry(device);
}

static void take_back(struct device_thread *thread, const struct returned_card *returned)
{
    struct alsa_device *device = returned->device;
    bool revivable = returned->error == -EPIPE || returned->error == -ESTRPIPE;
    int error = revivable ? card_revive(returned->card) : returned->error;
    if (revivable && error == 0) {
        card_close(atomic_exchange_explicit(&device->ready, returned->card, memory_order_acq_rel));
        return;
    }
    card_close(returned->card);
    if (error == 0)
        return;
    events_emit_text(&thread->events, MEDIA_EVENT_DEVICE_LOST, device->device.party.object.id, -error, snd_strerror(error));
    schedule_retry(device);
}

static void close_device(struct device_thread *thread, struct alsa_device *device)
{
    for (unsigned i = 0; i < thread->device_count; i++) {
        if (thread->devices[i] == device) {
            thread->devices[i] = thread->devices[--thread->device_count];
            break;
        }
    }
    card_close(atomic_exchange(&device->ready, NULL));
    queue_push(&thread->released, &device);
    thread->events.unsignalled = true;
}

static void open_device(struct device_thread *thread, struct alsa_device *device)
{
    if (thread->device_count == ALSA_DEVICES_MAX) {
        events_emit_text(&thread->events, MEDIA_EVENT_DEVICE_FAILED, device->device.party.object.id, EMFILE,
                         "too many sound cards at once");
        return;
    }
    thread->devices[thread->device_count++] = device;
    try_open(thread, device);
}

static void serve_returned(struct device_thread *thread)
{
    struct returned_card returned;
    while (queue_pop(&thread->returned, &returned))
        take_back(thread, &returned);
}

static void serve_requests(struct device_thread *thread)
{
    struct device_request request;
    serve_returned(thread);
    while (queue_pop(&thread->requests, &request)) {
        /* A device's card comes back before its closing is asked for, and must not outlive it here. */
        serve_returned(thread);
        if (request.kind == REQUEST_CLOSE)
            close_device(thread, request.device);
        else
            open_device(thread, request.device);
    }
}

/* Opens what is due, and gives back the milliseconds until the next is, or -1. */
static int serve_retries(struct device_thread *thread)
{
    int64_t next = INT64_MAX;
    for (unsigned i = 0; i < thread->device_count; i++) {
        struct alsa_device *device = thread->devices[i];
        if (device->retry_ns != 0 && clock_now() >= device->retry_ns)
            try_open(thread, device);
        if (device->retry_ns != 0 && device->retry_ns < next)
            next = device->retry_ns;
    }
    if (next == INT64_MAX)
        return -1;
    int64_t left = next - clock_now();
    return left <= 0 ? 0 : (int)(left / (1000 * 1000)) + 1;
}

static void turn(void *context)
{
    struct device_thread *thread = context;
    struct pollfd wake;
    serve_requests(thread);
    int timeout = serve_retries(thread);
    events_flush(&thread->events);
    worker_wait(&thread->worker, &wake, 0, timeout);
}

/* libasound would write to the phone's stderr; what matters stands in the event. */
static void ignore_message(const char *file, int line, const char *function, int error, const char *format, ...)
{
    (void)file, (void)line, (void)function, (void)error, (void)format;
}

int device_thread_start(struct device_thread *thread)
{
    snd_lib_error_set_handler(ignore_message);
    return worker_start(&thread->worker, "device", turn, thread);
}

void device_thread_stop(struct device_thread *thread)
{
    worker_stop(&thread->worker);
}

static void free_leftovers(struct device_thread *thread)
{
    struct returned_card returned;
    struct device_request request;
    while (queue_pop(&thread->returned, &returned))
        card_close(returned.card);
    while (queue_pop(&thread->requests, &request)) {
        if (request.kind == REQUEST_CLOSE)
            alsa_device_free(request.device);
    }
}

void device_thread_free(struct device_thread *thread)
{
    if (thread->returned.slots != NULL && thread->requests.slots != NULL)
        free_leftovers(thread);
    queue_free(&thread->requests);
    queue_free(&thread->returned);
    queue_free(&thread->released);
    events_free(&thread->events);
    worker_free(&thread->worker);
}
