#include "telephone_event.h"

#include <string.h>

#include "wire.h"

enum { TICK_MS = 10, EVENT_CODES = 16, END_BIT = 0x80, DEFAULT_VOLUME = 10 /* dBm0 below zero, RFC 4733 2.3.4 */ };

static const char DIGITS[EVENT_CODES + 1] = "0123456789*#ABCD";

int telephone_event_code(char digit)
{
    if (digit >= 'a' && digit <= 'd') {
        digit = (char)(digit - 'a' + 'A');
    }
    const char *found = digit ? strchr(DIGITS, digit) : NULL;
    return found ? (int)(found - DIGITS) : -1;
}

char telephone_event_digit(uint8_t code)
{
    return code < EVENT_CODES ? DIGITS[code] : '\0';
}

void telephone_event_sender_init(struct telephone_event_sender *s, unsigned clock_rate)
{
    *s = (struct telephone_event_sender){.clock_rate = clock_rate};
}

bool telephone_event_send(struct telephone_event_sender *s, char digit, unsigned milliseconds)
{
    int code = telephone_event_code(digit);
    if (code < 0 || s->count == TELEPHONE_EVENT_QUEUE) {
        return false;
    }
    if (milliseconds < TELEPHONE_EVENT_MINIMUM_MS) {
        milliseconds = TELEPHONE_EVENT_MINIMUM_MS;
    } else if (milliseconds > TELEPHONE_EVENT_MAXIMUM_MS) {
        milliseconds = TELEPHONE_EVENT_MAXIMUM_MS;
    }
    unsigned tail = (s->head + s->count) % TELEPHONE_EVENT_QUEUE;
    s->queue[tail].code = (uint8_t)code;
    s->queue[tail].milliseconds = (uint16_t)milliseconds;
    s->count++;
    return true;
}

bool telephone_event_busy(const struct telephone_event_sender *s)
{
    return s->count > 0;
}

static void fill_packet(const struct telephone_event_sender *s, bool marker, bool end, unsigned milliseconds,
                        struct telephone_event_packet *packet)
{
    unsigned duration = milliseconds * (s->clock_rate / 1000);
    packet->marker = marker;
    packet->timestamp = s->timestamp;
    packet->payload[0] = s->queue[s->head].code;
    packet->payload[1] = (uint8_t)((end ? END_BIT : 0) | DEFAULT_VOLUME);
    wire_put16(packet->payload + 2, (uint16_t)(duration > UINT16_MAX ? UINT16_MAX : duration));
}

/* The digit has lasted its time: its final packet, three times at the update interval, which is also the pause that a receiver
 * needs between two digits. */
static bool tick_end(struct telephone_event_sender *s, struct telephone_event_packet *packet)
{
    if (s->ends_left == TELEPHONE_EVENT_ENDS || s->since_packet_ms >= TELEPHONE_EVENT_UPDATE_MS) {
        if (s->ends_left == 0) {
            s->active = false;
            s->head = (s->head + 1) % TELEPHONE_EVENT_QUEUE;
            s->count--;
            return false;
        }
        fill_packet(s, false, true, s->queue[s->head].milliseconds, packet);
        s->ends_left--;
        s->since_packet_ms = 0;
        return true;
    }
    return false;
}

bool telephone_event_tick(struct telephone_event_sender *s, uint32_t timestamp, struct telephone_event_packet *packet)
{
    if (s->count == 0) {
        return false;
    }
    bool first = !s->active;
    if (first) {
        s->active = true;
        s->timestamp = timestamp;
        s->elapsed_ms = 0;
        s->since_packet_ms = 0;
        s->ends_left = TELEPHONE_EVENT_ENDS;
    }
    s->elapsed_ms += TICK_MS;
    s->since_packet_ms += TICK_MS;
    if (s->elapsed_ms >= s->queue[s->head].milliseconds) {
        return tick_end(s, packet);
    }
    if (!first && s->since_packet_ms < TELEPHONE_EVENT_UPDATE_MS) {
        return false;
    }
    fill_packet(s, first, false, s->elapsed_ms, packet);
    s->since_packet_ms = 0;
    return true;
}

void telephone_event_receiver_init(struct telephone_event_receiver *r, unsigned clock_rate)
{
    *r = (struct telephone_event_receiver){.clock_rate = clock_rate};
}

static void finish(struct telephone_event_receiver *r, struct telephone_event_digit_received *digit)
{
    r->active = false;
    digit->digit = telephone_event_digit(r->code);
    digit->milliseconds = r->duration / (r->clock_rate / 1000);
}

bool telephone_event_receive(struct telephone_event_receiver *r, uint32_t timestamp, const uint8_t *payload, size_t size,
                             struct telephone_event_digit_received *digit)
{
    if (size < TELEPHONE_EVENT_SIZE || telephone_event_digit(payload[0]) == '\0') {
        return false;
    }
    bool ended = false;
    bool same = r->known && timestamp == r->timestamp && payload[0] == r->code;
    if (!same) {
        if (r->known && (int32_t)(timestamp - r->timestamp) < 0) {
            return false;    /* a straggler of an event before this one */
        }
        if (r->active) {
            finish(r, digit);
            ended = true;
        }
        r->known = true;
        r->active = true;
        r->code = payload[0];
        r->timestamp = timestamp;
        r->duration = 0;
    }
    uint16_t duration = wire_get16(payload + 2);
    r->idle_ms = 0;
    if (!r->active) {
        return ended;
    }
    if (duration > r->duration) {
        r->duration = duration;
    }
    if ((payload[1] & END_BIT) && !ended) {
        finish(r, digit);
        return true;
    }
    return ended;
}

bool telephone_event_expire(struct telephone_event_receiver *r, struct telephone_event_digit_received *digit)
{
    if (!r->active) {
        return false;
    }
    r->idle_ms += TICK_MS;
    if (r->idle_ms < TELEPHONE_EVENT_LOST_MS) {
        return false;
    }
    finish(r, digit);
    return true;
}
