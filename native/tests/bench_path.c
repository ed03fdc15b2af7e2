/* Speech through sender, a bad path and receiver, for scoring what is heard:
 *
 *     bench_path IN OUT CODEC LOSS_PERCENT JITTER_MS SEED
 *
 * IN and OUT are raw 16 kHz mono int16 in the machine's byte order; CODEC is pcmu, pcma, g722, opus-nb or opus-wb, sent every 20 ms.
 * Loss is independent, jitter uniform with reordering. Prints one line of JSON: the receiver's counters, the mean playout delay, and
 * the processor time that both ends took per 10 ms tick.
 */
#include <stdio.h>
#include <time.h>

#include "network.h"

enum { SAMPLES_MAX = 16000 * 120 };

static int16_t spoken[SAMPLES_MAX], heard[SAMPLES_MAX];
static struct network net;

static size_t read_samples(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t count = file != NULL ? fread(spoken, sizeof *spoken, SAMPLES_MAX, file) : 0;
    if (file != NULL) {
        fclose(file);
    }
    return count - count % 160;
}

static int write_samples(const char *path, size_t count)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return -1;
    }
    size_t written = fwrite(heard, sizeof *heard, count, file);
    return fclose(file) == 0 && written == count ? 0 : -1;
}

static enum codec_id find_codec(const char *name)
{
    static const char *const NAMES[CODEC_COUNT] = {"pcmu", "pcma", "g722", "opus-nb", "opus-wb"};
    enum codec_id id = CODEC_PCMU;
    while (id < CODEC_COUNT && strcmp(NAMES[id], name) != 0) {
        id++;
    }
    return id;
}

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int count, char **arguments)
{
    enum codec_id codec = count == 7 ? find_codec(arguments[3]) : CODEC_COUNT;
    size_t samples = codec != CODEC_COUNT ? read_samples(arguments[1]) : 0;
    if (samples == 0) {
        fprintf(stderr, "usage: bench_path IN OUT pcmu|pcma|g722|opus-nb|opus-wb LOSS_PERCENT JITTER_MS SEED\n");
        return 2;
    }
    network_init(&net, codec, 20);
    net.loss_percent = (unsigned)strtoul(arguments[4], NULL, 10);
    net.jitter_ns = (int64_t)strtoul(arguments[5], NULL, 10) * 1000000;
    net.seed = (uint32_t)strtoul(arguments[6], NULL, 10) * 2654435761u + 1u;
    double start = processor_seconds();
    struct receiver_statistics statistics = network_run(&net, spoken, heard, samples);
    double tick_us = (processor_seconds() - start) * 1e6 / ((double)samples / 160.0);
    printf("{\"received\": %llu, \"lost\": %lld, \"late\": %llu, \"reordered\": %llu, \"concealed_ms\": %llu, \"stretched_ms\": %llu, "
           "\"jitter_ms\": %.1f, \"playout_delay_ms\": %.1f, \"tick_us\": %.1f}\n",
           (unsigned long long)statistics.received, (long long)statistics.lost, (unsigned long long)statistics.late,
           (unsigned long long)statistics.reordered, (unsigned long long)statistics.concealed_ms,
           (unsigned long long)statistics.stretched_ms, statistics.jitter_ms, statistics.playout_delay_ms, tick_us);
    network_free(&net);
    return write_samples(arguments[2], samples) == 0 ? 0 : 1;
}
