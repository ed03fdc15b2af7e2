#include "rtcp.h"

#include <errno.h>
#include <string.h>

#include "wire.h"

enum {
    VERSION = 2,
    PADDING_BIT = 0x20,
    COUNT_MASK = 0x1f,
    TYPE_SR = 200,
    TYPE_RR = 201,
    TYPE_SDES = 202,
    TYPE_BYE = 203,
    TYPE_XR = 207,                  /* RFC 3611                                               */
    HEAD = 4,                       /* version and count, type, length                        */
    SENDER_INFO = 20,
    BLOCK = 24,
    ITEM_CNAME = 1,
    LOST_MAX = 0x7fffff,            /* 24 bits, signed                                        */
};

/* The body of one RTCP packet: what follows its four-byte head, padding removed. */
struct body {
    unsigned count;
    const uint8_t *data;
    size_t size;
};

static int32_t get_lost(const uint8_t *p)
{
    uint32_t value = ((uint32_t)p[0] << 16) | ((uint32_t)p[1] << 8) | p[2];
    return (int32_t)(value ^ 0x800000) - 0x800000;
}

static void read_block(struct rtcp_report_block *block, const uint8_t *p)
{
    *block = (struct rtcp_report_block){
        .ssrc = wire_get32(p),
        .fraction_lost = p[4],
        .cumulative_lost = get_lost(p + 5),
        .highest_sequence = wire_get32(p + 8),
        .jitter = wire_get32(p + 12),
        .last_sr = wire_get32(p + 16),
        .delay_since_last_sr = wire_get32(p + 20),
    };
}

static bool read_report(struct rtcp_compound *compound, const struct body *body, bool is_sr, bool first)
{
    size_t offset = 4u + (is_sr ? SENDER_INFO : 0u);
    if (body->size < offset + (size_t)BLOCK * body->count) {
        return false;
    }
    if (first) {
        compound->ssrc = wire_get32(body->data);
    }
    if (is_sr && first) {
        compound->has_sender_info = true;
        compound->sender = (struct rtcp_sender_info){
            .ntp = (uint64_t)wire_get32(body->data + 4) << 32 | wire_get32(body->data + 8),
            .rtp_timestamp = wire_get32(body->data + 12),
            .packets = wire_get32(body->data + 16),
            .octets = wire_get32(body->data + 20),
        };
    }
    for (unsigned i = 0; i < body->count && compound->block_count < RTCP_BLOCKS_MAX; i++) {
        read_block(&compound->blocks[compound->block_count++], body->data + offset + (size_t)BLOCK * i);
    }
    return true;
}

static void read_text(char *text, const uint8_t *data, size_t size)
{
    memcpy(text, data, size);
    text[size] = '\0';
}

/* The items of one SDES chunk from `offset` on; returns the offset after its padding, or 0 when it is broken. */
static size_t read_chunk(struct rtcp_compound *compound, const struct body *body, size_t offset, bool wanted)
{
    while (offset < body->size && body->data[offset] != 0) {
        if (offset + 2 > body->size || offset + 2 + body->data[offset + 1] > body->size) {
            return 0;
        }
        size_t length = body->data[offset + 1];
        if (wanted && body->data[offset] == ITEM_CNAME) {
            read_text(compound->cname, body->data + offset + 2, length);
        }
        offset += 2 + length;
    }
    return offset < body->size ? (offset / 4 + 1) * 4 : 0;
}

static bool read_sdes(struct rtcp_compound *compound, const struct body *body)
{
    size_t offset = 0;
    for (unsigned i = 0; i < body->count; i++) {
        if (offset + 4 > body->size) {
            return false;
        }
        bool wanted = wire_get32(body->data + offset) == compound->ssrc;
        offset = read_chunk(compound, body, offset + 4, wanted);
        if (offset == 0) {
            return false;
        }
    }
    return offset <= body->size;
}

static bool read_bye(struct rtcp_compound *compound, const struct body *body)
{
    size_t offset = 4u * body->count;
    if (offset > body->size) {
        return false;
    }
    for (unsigned i = 0; i < body->count && compound->bye_count < RTCP_BYES_MAX; i++) {
        compound->byes[compound->bye_count++] = wire_get32(body->data + 4u * i);
    }
    if (offset == body->size) {
        return true;
    }
    size_t length = body->data[offset];
    if (length > body->size - offset - 1) {
        return false;
    }
    read_text(compound->reason, body->data + offset + 1, length);
    return true;
}

/* Takes the next packet off the compound; returns its size, or 0 when head, length or padding are wrong. */
static size_t split(struct body *body, const uint8_t *data, size_t size, bool first)
{
    if (size < HEAD || data[0] >> 6 != VERSION) {
        return 0;
    }
    size_t whole = HEAD + 4u * wire_get16(data + 2);
    bool padded = (data[0] & PADDING_BIT) != 0;
    if (whole > size || (padded && (first || whole < size))) {
        return 0;
    }
    *body = (struct body){.count = data[0] & COUNT_MASK, .data = data + HEAD, .size = whole - HEAD};
    if (padded) {
        uint8_t padding = data[whole - 1];
        if (padding == 0 || padding % 4 != 0 || padding > body->size) {
            return 0;
        }
        body->size -= padding;
    }
    return whole;
}

static bool is_report(uint8_t type)
{
    return type == TYPE_SR || type == TYPE_RR;
}

/* `reported` tells whether a report came before this packet. */
static bool read_packet(struct rtcp_compound *compound, uint8_t type, const struct body *body, bool reported)
{
    switch (type) {
    case TYPE_SR:
    case TYPE_RR:
        return read_report(compound, body, type == TYPE_SR, !reported);
    case TYPE_SDES:
        return reported && read_sdes(compound, body);
    case TYPE_BYE:
        return reported && read_bye(compound, body);
    case TYPE_XR:
        compound->metrics_count += rtcp_xr_read(compound->metrics + compound->metrics_count,
                                                RTCP_METRICS_MAX - compound->metrics_count, body->data, body->size);
        return true;
    default:
        return true;
    }
}

int rtcp_parse(struct rtcp_compound *compound, const uint8_t *data, size_t size)
{
    memset(compound, 0, sizeof *compound);
    if (size == 0 || size > RTCP_PACKET_MAX) {
        return -EBADMSG;
    }
    bool reported = false;
    for (size_t offset = 0; offset < size;) {
        struct body body;
        bool lone = offset == 0 && size >= HEAD && HEAD + 4u * wire_get16(data + 2) < size;
        size_t whole = split(&body, data + offset, size - offset, lone);
        if (whole == 0 || !read_packet(compound, data[offset + 1], &body, reported)) {
            return -EBADMSG;
        }
        reported = reported || is_report(data[offset + 1]);
        offset += whole;
    }
    return 0;
}

static void write_head(uint8_t *p, unsigned count, uint8_t type, size_t size)
{
    p[0] = (uint8_t)(VERSION << 6 | count);
    p[1] = type;
    wire_put16(p + 2, (uint16_t)(size / 4 - 1));
}

static void write_block(uint8_t *p, const struct rtcp_report_block *block)
{
    int32_t lost = block->cumulative_lost;
    lost = lost > LOST_MAX ? LOST_MAX : lost < -LOST_MAX - 1 ? -LOST_MAX - 1 : lost;
    wire_put32(p, block->ssrc);
    wire_put32(p + 4, (uint32_t)block->fraction_lost << 24 | ((uint32_t)lost & 0xffffff));
    wire_put32(p + 8, block->highest_sequence);
    wire_put32(p + 12, block->jitter);
    wire_put32(p + 16, block->last_sr);
    wire_put32(p + 20, block->delay_since_last_sr);
}

static void write_sender_info(uint8_t *p, const struct rtcp_sender_info *sender)
{
    wire_put32(p, (uint32_t)(sender->ntp >> 32));
    wire_put32(p + 4, (uint32_t)sender->ntp);
    wire_put32(p + 8, sender->rtp_timestamp);
    wire_put32(p + 12, sender->packets);
    wire_put32(p + 16, sender->octets);
}

static size_t report_size(const struct rtcp_compound *compound)
{
    return HEAD + 4u + (compound->has_sender_info ? SENDER_INFO : 0u) + (size_t)BLOCK * compound->block_count;
}

static void write_report(uint8_t *p, const struct rtcp_compound *compound)
{
    bool is_sr = compound->has_sender_info;
    write_head(p, compound->block_count, is_sr ? TYPE_SR : TYPE_RR, report_size(compound));
    wire_put32(p + 4, compound->ssrc);
    p += 8;
    if (is_sr) {
        write_sender_info(p, &compound->sender);
        p += SENDER_INFO;
    }
    for (unsigned i = 0; i < compound->block_count; i++) {
        write_block(p + (size_t)BLOCK * i, &compound->blocks[i]);
    }
}

/* One chunk with one item, ended by one to four zero bytes. */
static size_t sdes_size(size_t name_length)
{
    return HEAD + 4u + (2 + name_length) / 4 * 4 + 4;
}

static void write_sdes(uint8_t *p, uint32_t ssrc, const char *name, size_t length)
{
    size_t size = sdes_size(length);
    memset(p, 0, size);
    write_head(p, 1, TYPE_SDES, size);
    wire_put32(p + 4, ssrc);
    p[8] = ITEM_CNAME;
    p[9] = (uint8_t)length;
    memcpy(p + 10, name, length);
}

static size_t bye_size(const struct rtcp_compound *compound, size_t reason_length)
{
    size_t text = reason_length > 0 ? (1 + reason_length + 3) / 4 * 4 : 0;
    return HEAD + 4u * compound->bye_count + text;
}

static void write_bye(uint8_t *p, const struct rtcp_compound *compound, size_t reason_length)
{
    size_t size = bye_size(compound, reason_length);
    memset(p, 0, size);
    write_head(p, compound->bye_count, TYPE_BYE, size);
    for (unsigned i = 0; i < compound->bye_count; i++) {
        wire_put32(p + HEAD + 4u * i, compound->byes[i]);
    }
    if (reason_length > 0) {
        uint8_t *text = p + HEAD + 4u * compound->bye_count;
        text[0] = (uint8_t)reason_length;
        memcpy(text + 1, compound->reason, reason_length);
    }
}

static void write_xr(uint8_t *p, uint32_t ssrc, const struct rtcp_voip_metrics *metrics)
{
    write_head(p, 0, TYPE_XR, HEAD + RTCP_XR_BODY_SIZE);
    rtcp_xr_write(p + HEAD, ssrc, metrics);
}

size_t rtcp_build(uint8_t *buffer, size_t capacity, const struct rtcp_compound *compound)
{
    if (compound->block_count > RTCP_BLOCKS_MAX || compound->bye_count > RTCP_BYES_MAX ||
        compound->metrics_count > RTCP_METRICS_MAX) {
        return 0;
    }
    size_t name = strnlen(compound->cname, RTCP_CNAME_MAX);
    size_t reason = strnlen(compound->reason, RTCP_REASON_MAX);
    size_t report = report_size(compound);
    size_t sdes = name > 0 ? sdes_size(name) : 0;
    size_t xr = (size_t)compound->metrics_count * (HEAD + RTCP_XR_BODY_SIZE);
    size_t bye = compound->bye_count > 0 ? bye_size(compound, reason) : 0;
    if (report + sdes + xr + bye > capacity) {
        return 0;
    }
    write_report(buffer, compound);
    if (sdes > 0) {
        write_sdes(buffer + report, compound->ssrc, compound->cname, name);
    }
    for (unsigned i = 0; i < compound->metrics_count; i++) {
        write_xr(buffer + report + sdes + i * (size_t)(HEAD + RTCP_XR_BODY_SIZE), compound->ssrc, &compound->metrics[i]);
    }
    if (bye > 0) {
        write_bye(buffer + report + sdes + xr, compound, reason);
    }
    return report + sdes + xr + bye;
}
