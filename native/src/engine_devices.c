/* Devices as other threads see them, and the memory devices that a simulated handset stands behind. */
#include <errno.h>
#include <math.h>

#include "device_alsa.h"
#include "device_memory.h"
#include "engine_internal.h"

static int adopt_memory_device(struct engine *engine, struct memory_card *card)
{
    struct memory_device *device = memory_device_new(card);
    return device == NULL ? -ENOMEM : engine_adopt(engine, &device->device.party.object);
}

int engine_memory_device_new(struct engine *engine)
{
    return adopt_memory_device(engine, NULL);
}

int engine_memory_card_new(struct engine *engine, double ppm)
{
    if (!isfinite(ppm) || fabs(ppm) > MEMORY_CARD_PPM_MAX)
        return -EINVAL;
    struct memory_card *card = memory_card_new(ppm);
    return card == NULL ? -ENOMEM : adopt_memory_device(engine, card);
}

int engine_alsa_device_new(struct engine *engine, const struct media_device_config *config)
{
    if (engine->clock == MEDIA_CLOCK_STEPPED)
        return -EPERM;
    struct alsa_device *alsa = alsa_device_new(&engine->device_thread, config);
    int id = alsa == NULL ? -ENOMEM : engine_adopt(engine, &alsa->device.party.object);
    if (id < 0)
        return id;
    pthread_mutex_lock(&engine->control);
    bool asked = device_thread_request(&engine->device_thread, REQUEST_OPEN, alsa);
    pthread_mutex_unlock(&engine->control);
    if (asked)
        return id;
    engine_remove(engine, id);
    return -ENOBUFS;
}

int engine_device_set_gate(struct engine *engine, int device, bool open)
{
    struct command command = {.kind = COMMAND_GATE, .open = open};
    return engine_command_to(engine, device, OBJECT_DEVICE, &command);
}

int engine_device_gate_open(struct engine *engine, int id)
{
    pthread_mutex_lock(&engine->control);
    const struct device *device = (const struct device *)engine_find_kind(engine, id, OBJECT_DEVICE);
    int result = device == NULL ? -ENOENT : atomic_load_explicit(&device->gate_open, memory_order_relaxed);
    pthread_mutex_unlock(&engine->control);
    return result;
}

int engine_device_set_gains(struct engine *engine, int device, double capture, double playback)
{
    struct command command = {.kind = COMMAND_GAINS, .gains = {.capture = (float)capture, .playback = (float)playback}};
    if (!isfinite(capture) || capture < 0 || !isfinite(playback) || playback < 0)
        return -EINVAL;
    return engine_command_to(engine, device, OBJECT_DEVICE, &command);
}

int engine_device_follow(struct engine *engine, int device, int leader)
{
    struct command command = {.kind = COMMAND_FOLLOW};
    if (device == leader)
        return -EINVAL;
    pthread_mutex_lock(&engine->control);
    command.object = engine_find_kind(engine, device, OBJECT_DEVICE);
    command.other = engine_find_kind(engine, leader, OBJECT_DEVICE);
    bool found = command.object != NULL && (leader == 0 || command.other != NULL);
    int result = found ? engine_send_locked(engine, &command) : -ENOENT;
    pthread_mutex_unlock(&engine->control);
    return result;
}

int engine_device_set_enhancement(struct engine *engine, int device, const struct media_enhancement *wanted)
{
    struct command command = {.kind = COMMAND_ENHANCE};
    bool anything = wanted->echo != MEDIA_ECHO_OFF || wanted->noise != MEDIA_NOISE_KEPT || wanted->gain;
    if (wanted->echo < MEDIA_ECHO_OFF || wanted->echo > MEDIA_ECHO_FULL || wanted->noise < MEDIA_NOISE_KEPT ||
        wanted->noise > MEDIA_NOISE_STRONG)
        return -EINVAL;
    if (anything && (command.enhancer = enhancer_new(wanted)) == NULL)
        return -ENOMEM;
    pthread_mutex_lock(&engine->control);
    engine_collect_locked(engine);
    pthread_mutex_unlock(&engine->control);
    int result = engine_command_to(engine, device, OBJECT_DEVICE, &command);
    if (result != 0)
        enhancer_free(command.enhancer);
    return result;
}

int engine_device_set_sidetone(struct engine *engine, int device, double gain)
{
    struct command command = {.kind = COMMAND_SIDETONE, .sidetone = (float)gain};
    if (!isfinite(gain) || gain < 0 || gain > 1)
        return -EINVAL;
    return engine_command_to(engine, device, OBJECT_DEVICE, &command);
}

int engine_device_set_limit(struct engine *engine, int device, double peak, double mean)
{
    struct command command = {.kind = COMMAND_LIMIT, .limit = {.peak = (float)peak, .mean = (float)mean}};
    if (!(peak > 0 && peak <= 1) || !(mean >= 0 && mean <= 1))
        return -EINVAL;
    return engine_command_to(engine, device, OBJECT_DEVICE, &command);
}

int engine_device_statistics(struct engine *engine, int id, struct media_device_statistics *statistics)
{
    pthread_mutex_lock(&engine->control);
    struct device *device = (struct device *)engine_find_kind(engine, id, OBJECT_DEVICE);
    if (device != NULL)
        snapshot_read(&device->snapshot, statistics, sizeof *statistics);
    pthread_mutex_unlock(&engine->control);
    return device == NULL ? -ENOENT : 0;
}

static struct memory_device *find_memory_device(struct engine *engine, int id)
{
    struct device *device = (struct device *)engine_find_kind(engine, id, OBJECT_DEVICE);
    return device != NULL && memory_device_is(device) ? (struct memory_device *)device : NULL;
}

int engine_device_feed(struct engine *engine, int id, const int16_t *samples, size_t count)
{
    pthread_mutex_lock(&engine->control);
    struct memory_device *device = find_memory_device(engine, id);
    int result = device == NULL ? -ENOENT : (int)sample_ring_put(&device->microphone, samples, count);
    pthread_mutex_unlock(&engine->control);
    return result;
}

int engine_device_take(struct engine *engine, int id, int16_t *samples, size_t capacity)
{
    pthread_mutex_lock(&engine->control);
    struct memory_device *device = find_memory_device(engine, id);
    int result = device == NULL ? -ENOENT : (int)sample_ring_get(&device->earpiece, samples, capacity);
    pthread_mutex_unlock(&engine->control);
    return result;
}

int engine_device_pending(struct engine *engine, int id)
{
    pthread_mutex_lock(&engine->control);
    struct memory_device *device = find_memory_device(engine, id);
    int result = device == NULL ? -ENOENT : (int)sample_ring_count(&device->microphone);
    pthread_mutex_unlock(&engine->control);
    return result;
}
