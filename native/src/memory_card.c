#include "memory_card.h"

#include <string.h>

#include "memory.h"

struct memory_card *memory_card_new(double ppm)
{
    struct memory_card *card = memory_new(sizeof *card);
    if (card == NULL)
        return NULL;
    match_init(&card->capture);
    match_init(&card->playback);
    card->rate = MEDIA_FRAME_SAMPLES * (1 + ppm * 1e-6);
    card->waiting = MEMORY_CARD_TARGET;     /* of silence: primed, as a real one is */
    return card;
}

size_t memory_card_tick(struct memory_card *card)
{
    card->owed += card->rate;
    size_t count = (size_t)card->owed;
    card->owed -= (double)count;
    return count;
}

size_t memory_card_play(struct memory_card *card, int16_t *samples, size_t count)
{
    size_t played = count < card->waiting ? count : card->waiting;
    memcpy(samples, card->queue, played * sizeof *samples);
    memset(samples + played, 0, (count - played) * sizeof *samples);
    memmove(card->queue, card->queue + played, (card->waiting - played) * sizeof *card->queue);
    card->waiting -= played;
    return played;
}

size_t memory_card_put(struct memory_card *card, const int16_t frame[MEDIA_FRAME_SAMPLES])
{
    int16_t matched[MATCH_CHUNK];
    size_t count = match_play(&card->playback, frame, matched), room = MEMORY_CARD_BUFFER - card->waiting;
    size_t taken = count < room ? count : room;
    memcpy(card->queue + card->waiting, matched, taken * sizeof *matched);
    card->waiting += taken;
    match_steer(&card->playback, (double)card->waiting, MEMORY_CARD_TARGET);
    return count - taken;
}
