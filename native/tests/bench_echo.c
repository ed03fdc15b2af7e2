/* One library's echo control alone, as it comes, over a whole conversation:
 *
 *     bench_echo speexdsp|webrtc FAR MICROPHONE OUT DELAY_MS
 *
 * Files are raw 16 kHz mono int16 in the machine's byte order. speexdsp runs its linear filter over 200 ms and its residual
 * suppressor; webrtc its extended filter, delay-agnostic, with moderate suppression. Prints the processor time of a tick as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "voice_processor.h"

enum { FRAME = MEDIA_FRAME_SAMPLES, SAMPLES_MAX = 16000 * 120 };

static int16_t far_end[SAMPLES_MAX], microphone[SAMPLES_MAX];

static size_t read_samples(const char *path, int16_t *samples)
{
    FILE *file = fopen(path, "rb");
    size_t count = file != NULL ? fread(samples, sizeof *samples, SAMPLES_MAX, file) : 0;
    if (file != NULL)
        fclose(file);
    return count - count % FRAME;
}

static int write_samples(const char *path, const int16_t *samples, size_t count)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return -1;
    size_t written = fwrite(samples, sizeof *samples, count, file);
    return fclose(file) == 0 && written == count ? 0 : -1;
}

static struct voice_processor *new_processor(const char *library)
{
    static const struct voice_task task = {.cancel_echo = true, .suppress_residue = true, .echo_tail_ms = 200};
    if (strcmp(library, "speexdsp") == 0)
        return speex_processor_new(&task);
#ifdef IP270_WEBRTC
    if (strcmp(library, "webrtc") == 0)
        return webrtc_processor_new(&task);
#endif
    return NULL;
}

static double processor_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

int main(int count, char **arguments)
{
    struct voice_processor *processor = count == 6 ? new_processor(arguments[1]) : NULL;
    if (processor == NULL) {
        fprintf(stderr, "usage: bench_echo speexdsp|webrtc FAR MICROPHONE OUT DELAY_MS\n");
        return 2;
    }
    size_t samples = read_samples(arguments[2], far_end), heard = read_samples(arguments[3], microphone);
    samples = samples < heard ? samples : heard;
    int delay_ms = (int)strtol(arguments[5], NULL, 10);
    double start = processor_us();
    for (size_t at = 0; at < samples; at += FRAME) {
        processor->near(processor, microphone + at, delay_ms);
        processor->far(processor, far_end + at);
    }
    printf("{\"tick_us\": %.1f}\n", (processor_us() - start) * FRAME / (double)(samples > 0 ? samples : 1));
    processor->free(processor);
    return write_samples(arguments[4], microphone, samples) == 0 ? 0 : 1;
}
