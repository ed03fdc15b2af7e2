#include "writer_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

enum {
    REQUEST_QUEUE = 4 * RECORDINGS_MAX,
    LOOK_MS = 200,
};

static const int64_t IDLE_NS = 2LL * 1000 * 1000 * 1000;       /* silence, too, is described every 400 ms */

int writer_thread_init(struct writer_thread *writer, int event_descriptor)
{
    int error = worker_init(&writer->worker);
    if (error == 0)
        error = queue_init(&writer->requests, REQUEST_QUEUE, sizeof(struct writer_request));
    if (error == 0)
        error = queue_init(&writer->released, RECORDINGS_MAX, sizeof(struct object *));
    if (error == 0)
        error = events_init(&writer->events, event_descriptor);
    return error;
}

void writer_thread_request(struct writer_thread *writer, enum writer_request_kind kind, struct recording *recording)
{
    struct writer_request request = {kind, recording};
    queue_push(&writer->requests, &request);
    worker_wake(&writer->worker);
}

static void tell_writing(struct writer_thread *writer, struct recording *recording, bool writing)
{
    if (recording->writing == writing)
        return;
    recording->writing = writing;
    events_emit(&writer->events, MEDIA_EVENT_RECORDING, recording->object.id, writing, 0);
}

/* Nothing will be written any more; `error` says why, 0 that all was. */
static void end(struct writer_thread *writer, struct recording *recording, int error)
{
    if (recording->ended)
        return;
    recording->ended = true;
    tell_writing(writer, recording, false);
    if (recording->descriptor >= 0) {
        if (fsync(recording->descriptor) != 0 && error == 0)
            error = -errno;
        close(recording->descriptor);
        recording->descriptor = -1;
    }
    events_emit(&writer->events, MEDIA_EVENT_RECORDED, recording->object.id, -error,
                (int64_t)atomic_load_explicit(&recording->lost, memory_order_relaxed));
}

/* All of it or nothing: a file never ends in half a packet. */
static int write_whole(struct recording *recording, const uint8_t *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t written = write(recording->descriptor, data + done, size - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            int error = written < 0 ? -errno : -EIO;
            int cut = ftruncate(recording->descriptor, (off_t)recording->size);
            (void)cut;                  /* then the file ends in half a packet, which readers of pcap know */
            return error;
        }
        done += (size_t)written;
    }
    recording->size += size;
    return 0;
}

static int flush(struct writer_thread *writer, struct recording *recording)
{
    size_t size = writer->buffered;
    writer->buffered = 0;
    return size == 0 ? 0 : write_whole(recording, writer->buffer, size);
}

static int open_file(struct recording *recording)
{
    uint8_t header[PCAP_HEADER_BYTES];
    recording->descriptor = open(recording->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (recording->descriptor < 0)
        return -errno;
    pcap_header(header);
    return write_whole(recording, header, sizeof header);
}

static void put(struct writer_thread *writer, const struct recording *recording, const struct recorded *slot)
{
    uint8_t *to = writer->buffer + writer->buffered;
    pcap_frame(to, slot->flow, slot->time_ns + recording->wall_offset_ns, slot->size);
    memcpy(to + PCAP_FRAME_BYTES, slot->data, slot->size);
    writer->buffered += PCAP_FRAME_BYTES + slot->size;
}

/* Writes what is in the ring. Once the recording has ended the ring is emptied all the same. */
static int drain(struct writer_thread *writer, struct recording *recording)
{
    const struct recorded *slot;
    int error = 0;
    while ((slot = queue_front(&recording->queue)) != NULL) {
        size_t size = PCAP_FRAME_BYTES + slot->size;
        if (error == 0 && writer->buffered + size > WRITER_BUFFER)
            error = flush(writer, recording);
        if (error == 0 && recording->size + writer->buffered + size > recording->limit)
            error = -EFBIG;
        if (error == 0 && !recording->ended) {
            put(writer, recording, slot);
            if (!slot->flow.signalling)
                recording->last_ns = slot->time_ns;
        }
        queue_release(&recording->queue);
    }
    int flushed = flush(writer, recording);
    return error != 0 ? error : flushed;
}

static void look(struct writer_thread *writer, struct recording *recording, int64_t now_ns)
{
    int error = drain(writer, recording);
    if (error != 0)
        end(writer, recording, error);
    else if (!recording->ended)
        tell_writing(writer, recording, recording->last_ns != 0 && now_ns - recording->last_ns < IDLE_NS);
}

static void begin(struct writer_thread *writer, struct recording *recording)
{
    writer->recordings[writer->recording_count++] = recording;
    int error = open_file(recording);
    if (error != 0)
        end(writer, recording, error);
}

static void finish(struct writer_thread *writer, struct recording *recording)
{
    int error = drain(writer, recording);
    end(writer, recording, error);
}

static void let_go(struct writer_thread *writer, struct recording *recording)
{
    struct object *object = &recording->object;
    finish(writer, recording);
    for (unsigned i = 0; i < writer->recording_count; i++) {
        if (writer->recordings[i] == recording) {
            writer->recordings[i] = writer->recordings[--writer->recording_count];
            break;
        }
    }
    queue_push(&writer->released, &object);
    writer->events.unsignalled = true;
}

void writer_serve(struct writer_thread *writer, int64_t now_ns)
{
    struct writer_request request;
    while (queue_pop(&writer->requests, &request)) {
        switch (request.kind) {
        case WRITER_OPEN:
            begin(writer, request.recording);
            break;
        case WRITER_FINISH:
            finish(writer, request.recording);
            break;
        case WRITER_CLOSE:
            let_go(writer, request.recording);
            break;
        }
    }
    for (unsigned i = 0; i < writer->recording_count; i++)
        look(writer, writer->recordings[i], now_ns);
    events_flush(&writer->events);
}

static void turn(void *context)
{
    struct writer_thread *writer = context;
    struct pollfd wake;
    writer_serve(writer, clock_now());
    worker_wait(&writer->worker, &wake, 0, writer->recording_count == 0 ? -1 : LOOK_MS);
}

int writer_thread_start(struct writer_thread *writer)
{
    return worker_start(&writer->worker, "writer", turn, writer);
}

void writer_thread_stop(struct writer_thread *writer)
{
    worker_stop(&writer->worker);
}

void writer_thread_free(struct writer_thread *writer)
{
    queue_free(&writer->requests);
    queue_free(&writer->released);
    events_free(&writer->events);
    worker_free(&writer->worker);
}
