#include "dtls_filter.h"

enum {
    RECORD_HEADER = 13,                 /* type, version, epoch, sequence number, length */
    RECORD_LENGTH_AT = 11,
    RECORD_CHANGE_CIPHER_SPEC = 20,
    RECORD_HEARTBEAT = 24,              /* the last of those that DTLS 1.2 has; 24 itself is not spoken here */
    RECORD_HANDSHAKE = 22,
    RECORDS_MAX = 32,
    VERSION_MAJOR = 0xfe,               /* DTLS 1.0 is fe ff, and so is every first ClientHello; DTLS 1.2 is fe fd */
    HANDSHAKE_HEADER = 12,              /* type, length, message number, fragment's place and length */
    HANDSHAKE_CLIENT_HELLO = 1,
    FRAGMENT_PLACE_AT = 6,
    /* A token costs 10, a tick brings 10, 64 may wait: a handshake in small fragments passes at once, and a flood at 100 a second. */
    TOKEN_COST = 10,
    TOKEN_REFILL = 10,
    TOKENS_MAX = 64 * TOKEN_COST,
};

void dtls_filter_init(struct dtls_filter *filter)
{
    filter->tokens = TOKENS_MAX;
}

void dtls_filter_tick(struct dtls_filter *filter)
{
    filter->tokens += TOKEN_REFILL;
    filter->tokens = filter->tokens > TOKENS_MAX ? TOKENS_MAX : filter->tokens;
}

bool dtls_filter_passes(struct dtls_filter *filter, const uint8_t *datagram, size_t size)
{
    if (!dtls_is_records(datagram, size) || filter->tokens < TOKEN_COST)
        return false;
    filter->tokens -= TOKEN_COST;
    return true;
}

/* The size of the record that begins here, with its header; 0 where none does. */
static size_t record_size(const uint8_t *record, size_t left)
{
    if (left < RECORD_HEADER || record[0] < RECORD_CHANGE_CIPHER_SPEC || record[0] >= RECORD_HEARTBEAT)
        return 0;
    if (record[1] != VERSION_MAJOR || (record[2] != 0xff && record[2] != 0xfd))
        return 0;
    size_t length = (size_t)record[RECORD_LENGTH_AT] << 8 | record[RECORD_LENGTH_AT + 1];
    return length == 0 || length > left - RECORD_HEADER ? 0 : RECORD_HEADER + length;
}

bool dtls_is_records(const uint8_t *datagram, size_t size)
{
    size_t place = 0;
    for (unsigned i = 0; i < RECORDS_MAX && place < size; i++) {
        size_t record = record_size(datagram + place, size - place);
        if (record == 0)
            return false;
        place += record;
    }
    return size != 0 && place == size;
}

bool dtls_is_client_hello(const uint8_t *datagram, size_t size)
{
    size_t record = record_size(datagram, size);
    if (record < RECORD_HEADER + HANDSHAKE_HEADER || datagram[0] != RECORD_HANDSHAKE)
        return false;
    const uint8_t *place = datagram + RECORD_HEADER + FRAGMENT_PLACE_AT;
    bool encrypted = datagram[3] != 0 || datagram[4] != 0;      /* of a later epoch */
    return !encrypted && datagram[RECORD_HEADER] == HANDSHAKE_CLIENT_HELLO && (place[0] | place[1] | place[2]) == 0;
}
