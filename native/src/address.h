/* One UDP address, IPv4 or IPv6. */
#ifndef IP270_ADDRESS_H
#define IP270_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

union address {
    struct sockaddr generic;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* From a numeric address ("192.0.2.1", "fe80::1%eth0"); a name is refused. 0 or -EINVAL. May allocate: never on the media thread. */
int address_parse(union address *address, const char *text, uint16_t port);

void address_set_port(union address *address, uint16_t port);
uint16_t address_port(const union address *address);
socklen_t address_length(const union address *address);
void address_map(union address *address);       /* IPv4 becomes IPv4 within IPv6 (RFC 4291, 2.5.5.2) */
void address_unmap(union address *address);     /* and back; others stay */
bool address_equal(const union address *a, const union address *b);         /* host and port */
bool address_unspecified(const union address *a);                            /* 0.0.0.0 or ::, which mean nowhere */
bool address_same_host(const union address *a, const union address *b);
void address_format(const union address *address, char *text, size_t size);     /* the host alone */

#endif
