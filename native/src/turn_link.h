/* turn_link.h: the connection of one component to a TURN server over TCP or TLS (RFC 8656, 3.1), a link of the relay thread.
 *
 * What goes either way is whole frames: STUN messages and ChannelData, padded to four bytes as a stream wants (12.5). The controlling
 * thread says STUN by turn_link_say, the media thread leaves ChannelData in `incoming`, and all that comes lies in `outgoing` with the
 * server as its source. A frame that finds its ring full is lost, like a datagram: voice that waits for a stalled server is late anyway.
 *
 * TLS is by the rule of turn_trust.h, and the certificate must be made out to the name that is given. Whoever the server is, the
 * connection must stand within CONNECT_SECONDS, and take what is written within STALL_SECONDS. Its end is told once, by
 * MEDIA_EVENT_TURN_CLOSED.
 *
 * SIGPIPE must be ignored, as Python does it.
 */
#ifndef IP270_TURN_LINK_H
#define IP270_TURN_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "ip270_media.h"
#include "relay_thread.h"

/** Where a server is, and how it is believed. */
struct turn_place {
    union address address;
    const struct media_trust *trust;    /* NULL: TCP alone */
    const char *name;                   /* with `trust`: what the certificate must be made out to; shorter than MEDIA_NAME_BYTES */
};

/** Controlling thread. `number` is the connection's, for its event. Of `server` nothing is kept that its owner frees. NULL when there is
    no memory. */
struct relay_link *turn_link_new(struct relay_thread *thread, int stream, unsigned component, int number,
                                 const struct turn_place *server);

/** Controlling thread: sends a STUN message as soon as the connection stands. False where too many wait already. */
bool turn_link_say(struct relay_link *link, const uint8_t *message, size_t size);

#endif
