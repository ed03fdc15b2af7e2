/* dtls_bio.h: OpenSSL's way to the rings of a link: one read takes one datagram, one write leaves one. Relay thread only. */
#ifndef IP270_DTLS_BIO_H
#define IP270_DTLS_BIO_H

#include <openssl/bio.h>

#include "packet_port.h"
#include "queue.h"

/** What a BIO stands between. */
struct dtls_wire {
    const struct packet *arrived;       /**< To be read next; NULL: nothing                                       */
    union address destination;          /**< Of what is written                                                   */
    struct queue *outgoing;             /**< A datagram that finds it full is lost, as in any network             */
};

/** Controlling thread. NULL when there is no memory. */
BIO *dtls_bio_new(struct dtls_wire *wire);

#endif
