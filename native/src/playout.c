#include "playout.h"

#include <string.h>

#include "stretch.h"

/* The packet after a lost one, which helps to restore it, is worth its time of delay from LOSSY on, until losses fall below CALM; both are shares of packets. */
static const double LOSSY = 0.02, CALM = 0.005, LOSS_WEIGHT = 1.0 / 128.0;

enum {
    FRAME = CODEC_FRAME_SAMPLES,
    FADE = FRAME,                        /* 10 ms from what was made up to what came,                                */
    FADE_LONG = 2 * FRAME,               /* 20 ms to a codec that begins with a predictor of its own                 */
    STARVED = 12 * FRAME,                /* nothing for so long: the talkspurt is over, or the path is              */
    STARVED_OWN = 60 * FRAME,            /* ... with a codec that makes its own comfort noise, told of every 400 ms */
    EXCESS = FRAME,                      /* the delay may be this much above its target ...                         */
    SHORTAGE = FRAME / 2,                /* ... or below, before time is stretched                                  */
    FAR = 5 * FRAME,                     /* from here on it is stretched without rests                              */
    REST = 6 * FRAME,
    GAP_MAX = 6 * FRAME,                 /* longest gap that is bridged from both sides                              */
    SETTLING = 40,                       /* samples after a gap that still hold, through a decoder's filter, what was
                                            made up before them                                                      */
    LOSSES_MOST = 4,                     /* packets lost in a row that count: more says nothing about how often      */
    BURST = 10 * FRAME,                  /* a talkspurt begins at most this much later than its target              */
};

void playout_init(struct playout *p, void *decoder, void *before)
{
    *p = (struct playout){.decoder = decoder, .before = before, .fade = FADE, .start = PLAYOUT_PAST};
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
    return p->line + p->start + p->length;
}

/* Delay of the sample that leaves at `now`, measured from the arrival of a packet that the network didn't hold up. */
static int64_t current_delay(const struct playout *p, const struct delay_estimator *delay, int64_t now)
{
    return now - (p->end - (int64_t)p->length) - delay_lowest_offset(delay);
}

static void take_noise(struct playout *p, const struct jitter_packet *packet)
{
    comfort_noise_take(&p->noise, packet->payload, packet->size);
    p->noisy = true;
}

static void count_late(struct playout *p)
{
    p->late++;
    loss_pattern_late(&p->pattern);
}

/* What the path lost before this packet. One without audio counts as well: it came the same way. A new source begins below the last. */
static void note_losses(struct playout *p, const struct jitter_packet *packet)
{
    int64_t lost = packet->sequence - p->last_taken - 1;
    lost = lost < 0 ? 0 : lost < LOSSES_MOST ? lost : LOSSES_MOST;
    p->last_taken = packet->sequence;
    p->losses += ((double)lost - p->losses) * LOSS_WEIGHT;
    if (p->losses < CALM) {
        p->allowance = 0;
    } else if (p->losses > LOSSY && packet->codec != NULL) {
        p->allowance = (int64_t)packet->samples;
    }
}

/* The first packet that holds audio, or, while playing, comfort noise; passes over places that hold nothing. */
static const struct jitter_packet *first_audio(struct playout *p, struct jitter_buffer *jitter)
{
    const struct jitter_packet *first = jitter_first(jitter);
    while (first != NULL && first->codec == NULL && !(first->noise && p->playing)) {
        p->pausing = true;
        if (first->noise) {
            take_noise(p, first);
        }
        loss_pattern_played(&p->pattern, first->sequence);
        if (p->playing) {
            note_losses(p, first);
        }
        jitter_drop_first(jitter);
        first = jitter_first(jitter);
    }
    return first;
}

/* Waits until the first packet has waited as long as the target says, to the nearest tick, then lets the line begin with it. */
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
        count_late(p);
        first = first_audio(p, jitter);
    }
    if (first == NULL || now - first->time < due - SHORTAGE) {
        return false;
    }
    p->playing = true;
    p->noisy = false;
    p->end = first->time;
    p->missing = 0;
    p->last_sequence = p->last_taken = first->sequence - 1;
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
    if (p->codec != NULL && !p->concealing) {
        memcpy(p->before, p->decoder, p->codec->decoder_size());
    }
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
    if (p->concealing && (p->inventing || !own || skip > 0)) {
        int16_t made[FADE_LONG];
        int32_t fade = (int32_t)(p->fade < count ? p->fade : count);
        invent(p);
        conceal_generate(&p->conceal, made, (size_t)fade);
        for (int32_t i = 0; i < fade; i++) {
            decoded[i] = (int16_t)((made[i] * (fade - i) + decoded[i] * i) / fade);
        }
    }
    append(p, decoded, count);
    p->concealing = false;
    p->inventing = false;
    p->fade = FADE;
    p->pausing = false;
    p->concealed += (uint64_t)p->uncounted;
    p->uncounted = 0;
    p->missing = 0;
}

/* Another codec begins from nothing: what came before is drawn out, to fade from. */
static void use_codec(struct playout *p, const struct codec *codec)
{
    if (p->codec != codec && codec->decoder_init(p->decoder) == 0) {
        p->codec = codec;
        memcpy(p->before, p->decoder, codec->decoder_size());  /* what is taken back to must be of this codec, too */
        p->fade = codec->conceal != NULL ? FADE_LONG : FADE;
        invent(p);
        p->concealing = true;
    }
}

/* Where, within one period and the first `most` samples of what a late packet decoded to, it goes on most like what was made up in
 * its place. */
static int64_t best_joint(struct playout *p, const int16_t *decoded, int64_t most)
{
    int16_t made[FADE];
    float best = 0.0f;
    int64_t found = 0;
    invent(p);
    struct conceal ahead = p->conceal;
    conceal_generate(&ahead, made, FADE);
    for (int64_t skip = 0; skip <= (int64_t)ahead.pitch && skip <= most; skip++) {
        float both = 0.0f, power = 1.0f;
        for (int i = 0; i < FADE; i++) {
            both += (float)made[i] * (float)decoded[skip + i];
            power += (float)decoded[skip + i] * (float)decoded[skip + i];
        }
        float alike = both > 0.0f ? both * both / power : 0.0f;
        if (alike > best) {
            best = alike;
            found = skip;
        }
    }
    return found;
}

/* The packet that was missed comes after all: the decoder forgets what it made up, and so fits it again. */
static void take_back(struct playout *p)
{
    if (p->concealing && p->missing > 0) {
        memcpy(p->decoder, p->before, p->codec->decoder_size());
        invent(p);
    }
}

/* Decodes the first packet, whose beginning is due or overdue. */
static void decode_first(struct playout *p, struct jitter_buffer *jitter, const struct delay_estimator *delay, int64_t now)
{
    const struct jitter_packet *first = jitter_first(jitter);
    int16_t decoded[CODEC_PACKET_SAMPLES_MAX];
    bool adjacent = first->sequence == p->last_sequence + 1;
    if (adjacent && first->codec == p->codec) {
        take_back(p);
    }
    use_codec(p, first->codec);
    int count = p->codec->decode(p->decoder, first->payload, first->size, decoded, CODEC_PACKET_SAMPLES_MAX);
    int64_t overdue = p->end - first->time;
    if (adjacent && p->uncounted > overdue) {
        p->uncounted = overdue > 0 ? overdue : 0;    /* nothing is lost: the far end sent nothing for a while */
    }
    note_losses(p, first);
    p->last_sequence = first->sequence;
    jitter_drop_first(jitter);
    if (count <= 0) {
        p->refused++;
        return;
    }
    if (overdue > 0 && current_delay(p, delay, now) + overdue <= playout_target(p, delay)) {
        int64_t longest = count - FADE < overdue ? count - FADE : overdue;
        int64_t skip = best_joint(p, decoded, longest / 2);
        p->end -= overdue - skip;    /* the delay has to grow anyway: play all of it, later */
        overdue = skip;
    }
    if (overdue >= count) {
        count_late(p);
        return;
    }
    loss_pattern_played(&p->pattern, p->last_sequence);
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
    loss_pattern_played(&p->pattern, after->sequence - 1);
    join(p, decoded, (size_t)count, (size_t)(count - gap));
    return true;
}

/* What the sound after a gap suggests came before it, newest last. */
static void conceal_backwards(const int16_t *after, size_t count, int16_t *out, size_t samples)
{
    int16_t reversed[CONCEAL_HISTORY] = {0}, made[GAP_MAX + SETTLING];
    struct conceal back;
    for (size_t i = 0; i < count && i < CONCEAL_HISTORY; i++) {
        reversed[CONCEAL_HISTORY - 1 - i] = after[i];
    }
    conceal_begin(&back, reversed);
    conceal_generate(&back, made, samples);
    for (size_t i = 0; i < samples; i++) {
        out[i] = made[samples - 1 - i];
    }
}

/* Bridges the gap before a packet from both sides: from what was played, and from what comes. False: that can't be done. */
static bool interpolate(struct playout *p, struct jitter_buffer *jitter, const struct jitter_packet *after, int64_t gap)
{
    int16_t made[GAP_MAX + CODEC_FOLLOW_AHEAD], back[GAP_MAX + SETTLING], decoded[CODEC_PACKET_SAMPLES_MAX];
    if (after->codec != p->codec || p->codec == NULL || p->codec->conceal != NULL || gap < FRAME || gap > GAP_MAX ||
        after->samples < FRAME || gap + (int64_t)after->samples > CODEC_PACKET_SAMPLES_MAX) {
        return false;
    }
    invent(p);
    conceal_generate(&p->conceal, made, (size_t)gap + CODEC_FOLLOW_AHEAD);
    p->codec->follow(p->decoder, made, (size_t)gap);
    int count = p->codec->decode(p->decoder, after->payload, after->size, decoded, CODEC_PACKET_SAMPLES_MAX);
    note_losses(p, after);
    p->last_sequence = after->sequence;
    jitter_drop_first(jitter);
    if (count < FRAME) {
        p->refused++;
        return true;
    }
    loss_pattern_played(&p->pattern, p->last_sequence);
    conceal_backwards(decoded + SETTLING, (size_t)count - SETTLING, back, (size_t)gap + SETTLING);
    memcpy(decoded, back + gap, SETTLING * sizeof *decoded);
    for (int32_t i = 0; i < gap; i++) {
        made[i] = (int16_t)((made[i] * ((int32_t)gap - i) + back[i] * i) / (int32_t)gap);
    }
    append(p, made, (size_t)gap);
    p->uncounted += p->pausing ? 0 : gap;
    p->concealing = false;
    join(p, decoded, (size_t)count, 0);
    return true;
}

/* The talkspurt is over, and the far end says what its silence sounds like. The media time goes on. */
static void fall_silent(struct playout *p, struct jitter_buffer *jitter, const struct jitter_packet *noise)
{
    take_noise(p, noise);
    loss_pattern_played(&p->pattern, noise->sequence);
    p->last_sequence = noise->sequence;
    jitter_drop_first(jitter);
    p->playing = false;
    p->concealed += (uint64_t)p->uncounted;
    p->uncounted = 0;
}

/* Adds at least something to the line. */
static void extend(struct playout *p, struct jitter_buffer *jitter, const struct delay_estimator *delay, int64_t now)
{
    const struct jitter_packet *first = first_audio(p, jitter);
    int64_t gap = first != NULL ? first->time - p->end : 1;
    if (gap <= 0 && first->noise) {
        fall_silent(p, jitter, first);
    } else if (gap <= 0) {
        decode_first(p, jitter, delay, now);
    } else if (first == NULL || first->noise || !(recover(p, first, gap) || interpolate(p, jitter, first, gap))) {
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
    int16_t *waiting = p->line + p->start;
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

/* While nothing is played: what the far end's silence sounds like, or what came last, fading away. */
static void rest(struct playout *p)
{
    int16_t frame[FRAME];
    if (p->noisy) {
        comfort_noise_generate(&p->noise, frame);
        p->concealing = p->inventing = false;
    } else {
        invent(p);
        conceal_generate(&p->conceal, frame, FRAME);
        p->concealing = true;
    }
    memcpy(line_end(p), frame, (FRAME - p->length) * sizeof *frame);
    p->length = FRAME;
}

static void fill(struct playout *p, struct jitter_buffer *jitter, struct delay_estimator *delay, int64_t now)
{
    while (p->playing && p->length < FRAME) {
        bool was_concealing = p->concealing;
        extend(p, jitter, delay, now);
        if (!p->concealing && !was_concealing && p->length >= FRAME) {
            steer(p, delay, now);
        }
        if (p->missing >= (p->codec != NULL && p->codec->conceal != NULL ? STARVED_OWN : STARVED)) {
            p->playing = false;
            delay_restart(delay);
        }
    }
}

/* Hands a frame of the line out. The line is moved back every few ticks only: all of the past would be read and written each time. */
static void play_frame(struct playout *p, int16_t out[CODEC_FRAME_SAMPLES])
{
    memcpy(out, p->line + p->start, FRAME * sizeof *out);
    p->start += FRAME;
    p->length -= FRAME;
    if (p->start >= PLAYOUT_PAST + PLAYOUT_SLIDE) {
        memmove(p->line, p->line + p->start - PLAYOUT_PAST, (PLAYOUT_PAST + p->length) * sizeof *p->line);
        p->start = PLAYOUT_PAST;
    }
}

void playout_get(struct playout *p, struct jitter_buffer *jitter, struct delay_estimator *delay, int64_t now,
                 int16_t out[CODEC_FRAME_SAMPLES])
{
    if (p->playing || try_start(p, jitter, delay, now)) {
        fill(p, jitter, delay, now);
    }
    if (p->length < FRAME) {
        rest(p);
    }
    play_frame(p, out);
    if (p->playing) {
        p->delay = current_delay(p, delay, now + FRAME);
    }
    p->rest -= p->rest > 0 ? FRAME : 0;
}
