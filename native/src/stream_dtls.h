/* stream_dtls.h: the media thread's side of a stream's DTLS associations, one where RTP and RTCP share a port and else two (RFC 5764,
 * 4.1): which datagrams reach them, and where their own go. */
#ifndef IP270_STREAM_DTLS_H
#define IP270_STREAM_DTLS_H

#include "packet_port.h"
#include "stream.h"

/** Hands on what may be of the component's handshake, and counts it. */
void stream_take_dtls(struct stream *stream, enum packet_component component, struct packet *packet);

/** Once per tick: sends what the handshakes have to say, unless nothing may be sent yet. */
void stream_send_dtls(struct stream *stream);

#endif
