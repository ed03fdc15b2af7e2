#include "playout.h"

#include <string.h>

#include "stretch.h"

/* Redundancy is worth a packet's time of delay from LOSSY on, until losses fall below CALM; both are shares of packets. */
static const double LOSSY = 0.02, CALM = 0.005, LOSS_WEIGHT = 1.0 / 128.0;

enum {
    FRAME = CODEC_FRAME_SAMPLES,
    FADE = FRAME,                        /* 10 ms from what was made up to what came                                 */
    STARVED = 12 * FRAME,                /* nothing for so long: the talkspurt is over, or the path is              */
    EXCESS = FRAME,                      /* the delay may be this much above its target ...                         */
    SHORTAGE = FRAME / 2,                /* ... or below, before time is stretched                                  */
    FAR = 5 * FRAME,                     /* from here on it is stretched without rests                              */
    REST = 6 * FRAME,
    BURST = 10 * FRAME,                  /* a talkspurt begins at most this much later than its target              */
};

void playout_init(struct playout *p, void *decoder)
{
    *p = (struct playout){.decoder = decoder};
}

void playout_restart(struct playout *p)
{
    p->playing = false;
    p->uncounted = 0;
}

int64_t playout_target(const struct playout *p, const struct delay_estimator *delay)
{
    return delay_target(delay) + p->allowance;
}

static int16_t *line_end(struct playout *p)
{
    return p->line + PLAYOUT_PAST + p->length;
}

/* Delay of the sample that leaves at `now`, measured from the arrival of a packet that the network didn't hold up. */
static int64_t current_delay(const struct playout *p, const struct delay_estimator *delay, int64_t now)
{
    return now - (p->end - (int64_t)p->length) - delay_lowest_offset(delay);
}

/* The first packet that holds audio; passes over places that don't. */
static const struct jitter_packet *first_audio(struct playout *p, struct jitter_buffer *jitter)
{
    const struct jitter_packet *first = jitter_first(jitter);
    while (first != NULL && first->codec == NULL) {
        p->pausing = true;
        jitter_drop_first(jitter);
        first = jitter_first(jitter);
    }
    return first;
}

/* Waits until the first packet has waited as long as the target says, then lets the line begin with it. */
static bool try_start(struct playout *p, struct jitter_buffer *jitter, const struct delay_estimator *delay, int64_t now)
{
    const struct jitter_packet *first = first_audio(p, jitter);
    if (first != NULL) {
        /* What was made up before the line ended counts if it now turns out that there was something to say. */
        p->concealed += first->time < p->end ? (uint64_t)p->uncounted : 0;
        p->uncounted = 0;
    }
    int64_t due = delay_lowest_offset(delay) + playout_target(p, delay);
    while (first != NULL && jitter->count > 1 && now - first->time - (int64_t)first->samples > due + BURST) {
        jitter_drop_first(jitter);
        p->late++;
        first = first_audio(p, jitter);
    }
    if (first == NULL || now - first->time < due) {
        return false;
    }
    p->playing = true;
    p->end = first->time;
    p->missing = 0;
    p->last_sequence = first->sequence - 1;
    return true;
}

static void append(struct playout *p, const int16_t *samples, size_t count)
{
    memcpy(line_end(p), samples, count * sizeof *samples);
    p->length += count;
    p->end += (int64_t)count;
}

static void invent(struct playout *p)
{
    if (!p->inventing) {
        conceal_begin(&p->conceal, line_end(p) - CONCEAL_HISTORY);
        p->inventing = true;
    }
}

/* Makes up one frame and lets the decoder follow it. */
static void conceal_frame(struct playout *p)
{
    int16_t made[FRAME + CODEC_FOLLOW_AHEAD];
    bool own = p->codec != NULL && p->codec->conceal != NULL;
    if (own && p->codec->conceal(p->decoder, made, FRAME) == FRAME) {
        append(p, made, FRAME);
        p->inventing = false;
    } else {
        invent(p);
        conceal_generate(&p->conceal, made, FRAME);
        struct conceal ahead = p->conceal;
        conceal_generate(&ahead, made + FRAME, CODEC_FOLLOW_AHEAD);
        append(p, made, FRAME);
        if (p->codec != NULL && p->codec->follow != NULL) {
            p->codec->follow(p->decoder, made, FRAME);
        }
    }
    p->concealing = true;
    p->missing += FRAME;
    p->uncounted += p->pausing ? 0 : FRAME;
}

/* Appends what a packet decoded to, without its first `skip` samples, and fades over to it where the line was made up. */
static void join(struct playout *p, int16_t *decoded, size_t count, size_t skip)
{
    bool own = p->codec->conceal != NULL;
    decoded += skip;
    count -= skip;
    if (p->concealing && (!own || skip > 0)) {
        int16_t made[FADE];
        invent(p);
        conceal_generate(&p->conceal, made, FADE);
        for (int32_t i = 0; i < FADE && (size_t)i < count; i++) {
            decoded[i] = (int16_t)((made[i] * (FADE - i) + decoded[i] * i) / FADE);
        }
    }
    append(p, decoded, count);
    p->concealing = false;
    p->inventing = false;
    p->pausing = false;
    p->concealed += (uint64_t)p->uncounted;
    p->uncounted = 0;
    p->missing = 0;
}

static void use_codec(struct playout *p, const struct codec *codec)
{
    if (p->codec != codec && codec->decoder_init(p->decoder) == 0) {
        p->codec = codec;
    }
}

static void note_losses(struct playout *p, const struct jitter_packet *packet)
{
    int64_t lost = packet->sequence - p->last_sequence - 1;
    p->losses += ((double)(lost < 4 ? lost : 4) - p->losses) * LOSS_WEIGHT;
    if (p->codec->recover == NULL || p->losses < CALM) {
        p->allowance = 0;
    } else if (p->losses > LOSSY) {
        p->allowance = (int64_t)packet->samples;
    }
}

/* Decodes the first packet, whose beginning is due or overdue. */
static void decode_first(struct playout *p, struct jitter_buffer *jitter, const struct delay_estimator *delay, int64_t now)
{
    const struct jitter_packet *first = jitter_first(jitter);
    int16_t decoded[CODEC_PACKET_SAMPLES_MAX];
    use_codec(p, first->codec);
    int count = p->codec->decode(p->decoder, first->payload, first->size, decoded, CODEC_PACKET_SAMPLES_MAX);
    int64_t overdue = p->end - first->time;
    note_losses(p, first);
    p->last_sequence = first->sequence;
    jitter_drop_first(jitter);
    if (count <= 0) {
        p->refused++;
        return;
    }
    if (overdue > 0 && current_delay(p, delay, now) + overdue <= playout_target(p, delay)) {
        p->end -= overdue;    /* the delay has to grow anyway: play all of it, later */
        overdue = 0;
    }
    if (overdue >= count) {
        p->late++;
        return;
    }
    join(p, decoded, (size_t)count, (size_t)overdue);
}

/* Reconstructs the end of a lost packet from the one after it. False: that can't be done. */
static bool recover(struct playout *p, const struct jitter_packet *after, int64_t gap)
{
    int16_t decoded[CODEC_PACKET_SAMPLES_MAX];
    bool adjacent = after->sequence == p->last_sequence + 2 && after->codec == p->codec;
    if (!adjacent || p->codec->recover == NULL || gap > (int64_t)after->samples) {
        return false;
    }
    int count = p->codec->recover(p->decoder, after->payload, after->size, decoded, after->samples);
    if (count < gap) {
        return false;
    }
    join(p, decoded, (size_t)count, (size_t)(count - gap));
    return true;
}

/* Adds at least something to the line. */
static void extend(struct playout *p, struct jitter_buffer *jitter, const struct delay_estimator *delay, int64_t now)
{
    const struct jitter_packet *first = first_audio(p, jitter);
    int64_t gap = first != NULL ? first->time - p->end : 1;
    if (gap <= 0) {
        decode_first(p, jitter, delay, now);
    } else if (first == NULL || !recover(p, first, gap)) {
        conceal_frame(p);
    }
}

/* One step towards the target delay, if it is off and the signal lets us. */
static void steer(struct playout *p, const struct delay_estimator *delay, int64_t now)
{
    int64_t error = current_delay(p, delay, now) - playout_target(p, delay);
    int64_t distance = error < 0 ? -error : error;
    if (p->rest > 0 && distance < FAR) {
        return;
    }
    int16_t *waiting = p->line + PLAYOUT_PAST;
    size_t changed = 0;
    if (error > EXCESS && p->length > FRAME + STRETCH_FADE) {
        changed = stretch_shorten(waiting, p->length, p->length - FRAME);
        p->length -= changed;
    } else if (error < -SHORTAGE) {
        changed = stretch_lengthen(waiting, p->length, (size_t)(distance < STRETCH_LAG_MAX ? distance + SHORTAGE : STRETCH_LAG_MAX));
        p->length += changed;
    }
    if (changed > 0) {
        p->stretched += changed;
        p->rest = REST;
    }
}

static void fill(struct playout *p, struct jitter_buffer *jitter, struct delay_estimator *delay, int64_t now)
{
    while (p->playing && p->length < FRAME) {
        bool was_concealing = p->concealing;
        extend(p, jitter, delay, now);
        if (!p->concealing && !was_concealing && p->length >= FRAME) {
            steer(p, delay, now);
        }
        if (p->missing >= STARVED) {
            p->playing = false;
            delay_restart(delay);
        }
    }
}

void playout_get(struct playout *p, struct jitter_buffer *jitter, struct delay_estimator *delay, int64_t now,
                 int16_t out[CODEC_FRAME_SAMPLES])
{
    if (p->playing || try_start(p, jitter, delay, now)) {
        fill(p, jitter, delay, now);
    }
    if (p->length < FRAME) {
        memset(line_end(p), 0, (FRAME - p->length) * sizeof *p->line);
        p->length = FRAME;
    }
    memcpy(out, p->line + PLAYOUT_PAST, FRAME * sizeof *out);
    p->length -= FRAME;
    memmove(p->line, p->line + FRAME, (PLAYOUT_PAST + p->length) * sizeof *p->line);
    if (p->playing) {
        p->delay = current_delay(p, delay, now + FRAME);
    }
    p->rest -= p->rest > 0 ? FRAME : 0;
}
