#include "dtls_bio.h"

#include <pthread.h>
#include <string.h>

enum { UDP_OVERHEAD = 48 };             /* of UDP over IPv6, the longer one */

static BIO_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static int read_datagram(BIO *bio, char *data, int size)
{
    struct dtls_wire *wire = BIO_get_data(bio);
    const struct packet *packet = wire->arrived;
    BIO_clear_retry_flags(bio);
    if (packet == NULL) {
        BIO_set_retry_read(bio);
        return -1;
    }
    wire->arrived = NULL;
    size_t count = packet->size < (size_t)size ? packet->size : (size_t)size;
    memcpy(data, packet->data, count);
    return (int)count;
}

static int write_datagram(BIO *bio, const char *data, int size)
{
    struct dtls_wire *wire = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    struct packet *packet = size > PACKET_BYTES ? NULL : queue_reserve(wire->outgoing);
    if (packet != NULL) {
        packet->source = wire->destination;
        packet->size = (size_t)size;
        memcpy(packet->data, data, packet->size);
        queue_commit(wire->outgoing);
    }
    return size;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
        return UDP_OVERHEAD;
    default:
        return 0;
    }
}

static int create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static void make_method(void)
{
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "link");
    if (method == NULL)
        return;
    BIO_meth_set_create(method, create);
    BIO_meth_set_read(method, read_datagram);
    BIO_meth_set_write(method, write_datagram);
    BIO_meth_set_ctrl(method, control);
}

BIO *dtls_bio_new(struct dtls_wire *wire)
{
    pthread_once(&method_once, make_method);
    BIO *bio = method == NULL ? NULL : BIO_new(method);
    if (bio != NULL)
        BIO_set_data(bio, wire);
    return bio;
}
