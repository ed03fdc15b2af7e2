/* telephone_event.h: DTMF digits as RTP events (RFC 4733), one sender and one receiver, no packets of their own:
 * sender.h and receiver.h put them on the wire. */
#ifndef IP270_TELEPHONE_EVENT_H
#define IP270_TELEPHONE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TELEPHONE_EVENT_SIZE = 4,            /**< Payload bytes of one event                                */
    TELEPHONE_EVENT_QUEUE = 32,          /**< Digits that may wait to be sent                           */
    TELEPHONE_EVENT_UPDATE_MS = 50,      /**< RFC 4733 2.5.1.2                                          */
    TELEPHONE_EVENT_ENDS = 3,            /**< The final packet goes out three times, 2.5.1.4            */
    TELEPHONE_EVENT_MINIMUM_MS = 40,     /**< Shortest digit we send, ITU-T Q.24                        */
    TELEPHONE_EVENT_MAXIMUM_MS = 6000,   /**< Longest digit we send; fits the 16-bit duration           */
    TELEPHONE_EVENT_LOST_MS = 200,       /**< Silence after which an event without its end is over      */
};

/** Event code 0 to 15 of one of "0123456789*#ABCD" (lower case allowed), or -1. */
int telephone_event_code(char digit);

/** Digit of event code 0 to 15, or 0. */
char telephone_event_digit(uint8_t code);

struct telephone_event_sender {
    struct {
        uint8_t code;
        uint16_t milliseconds;
    } queue[TELEPHONE_EVENT_QUEUE];
    unsigned head, count;
    bool active;
    unsigned elapsed_ms;         /**< Since the running event began                                     */
    unsigned since_packet_ms;    /**< Since its last packet                                             */
    unsigned ends_left;
    uint32_t timestamp;          /**< RTP timestamp of its beginning; stays for all its packets         */
    unsigned clock_rate;
};

struct telephone_event_packet {
    bool marker;
    uint32_t timestamp;
    uint8_t payload[TELEPHONE_EVENT_SIZE];
};

void telephone_event_sender_init(struct telephone_event_sender *s, unsigned clock_rate);

/** Queues a digit; false when the digit is none or 32 are waiting. The length is held to 40 .. 6000 ms. */
bool telephone_event_send(struct telephone_event_sender *s, char digit, unsigned milliseconds);

/** True while digits are running or waiting: no audio is sent then. */
bool telephone_event_busy(const struct telephone_event_sender *s);

/** One 10 ms tick that begins at `timestamp`. Returns true and fills `packet` when one is due. */
bool telephone_event_tick(struct telephone_event_sender *s, uint32_t timestamp, struct telephone_event_packet *packet);

struct telephone_event_receiver {
    bool active;                 /**< An event has begun and not yet ended                              */
    bool known;                  /**< `timestamp` is that of an event already seen                      */
    uint8_t code;
    uint32_t timestamp;
    uint16_t duration;           /**< Longest seen, timestamp units                                     */
    unsigned idle_ms;            /**< Since its last packet                                             */
    unsigned clock_rate;
};

struct telephone_event_digit_received {
    char digit;
    unsigned milliseconds;
};

void telephone_event_receiver_init(struct telephone_event_receiver *r, unsigned clock_rate);

/** One received payload. Returns true and fills `digit` when an event has ended by this packet: by its end bit, or because
    another one began and the end was lost. Repeated ends, and late updates of an ended event, give nothing. */
bool telephone_event_receive(struct telephone_event_receiver *r, uint32_t timestamp, const uint8_t *payload, size_t size,
                             struct telephone_event_digit_received *digit);

/** One 10 ms tick. Returns true and fills `digit` when the running event's end got lost. */
bool telephone_event_expire(struct telephone_event_receiver *r, struct telephone_event_digit_received *digit);

#endif
