#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <string.h>

int address_parse(union address *address, const char *text, uint16_t port)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(text, NULL, &hints, &found) != 0)
        return -EINVAL;
    int result = -EINVAL;
    memset(address, 0, sizeof *address);
    if (found->ai_addrlen <= sizeof *address && (found->ai_family == AF_INET || found->ai_family == AF_INET6)) {
        memcpy(address, found->ai_addr, found->ai_addrlen);
        address_set_port(address, port);
        result = 0;
    }
    freeaddrinfo(found);
    return result;
}

void address_set_port(union address *address, uint16_t port)
{
    if (address->generic.sa_family == AF_INET6)
        address->v6.sin6_port = htons(port);
    else
        address->v4.sin_port = htons(port);
}

uint16_t address_port(const union address *address)
{
    return ntohs(address->generic.sa_family == AF_INET6 ? address->v6.sin6_port : address->v4.sin_port);
}

socklen_t address_length(const union address *address)
{
    return address->generic.sa_family == AF_INET6 ? sizeof address->v6 : sizeof address->v4;
}

bool address_unspecified(const union address *a)
{
    return a->generic.sa_family == AF_INET6 ? IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr) : a->v4.sin_addr.s_addr == INADDR_ANY;
}

void address_map(union address *address)
{
    if (address->generic.sa_family != AF_INET)
        return;
    struct sockaddr_in v4 = address->v4;
    memset(address, 0, sizeof *address);
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = v4.sin_port;
    memset(&address->v6.sin6_addr.s6_addr[10], 0xFF, 2);
    memcpy(&address->v6.sin6_addr.s6_addr[12], &v4.sin_addr, sizeof v4.sin_addr);
}

void address_unmap(union address *address)
{
    if (address->generic.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr))
        return;
    struct sockaddr_in6 v6 = address->v6;
    memset(address, 0, sizeof *address);
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = v6.sin6_port;
    memcpy(&address->v4.sin_addr, &v6.sin6_addr.s6_addr[12], sizeof address->v4.sin_addr);
}

bool address_same_host(const union address *a, const union address *b)
{
    if (a->generic.sa_family != b->generic.sa_family)
        return false;
    if (a->generic.sa_family == AF_INET6)
        return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
    return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

bool address_equal(const union address *a, const union address *b)
{
    return address_same_host(a, b) && address_port(a) == address_port(b);
}

void address_format(const union address *address, char *text, size_t size)
{
    const void *host = address->generic.sa_family == AF_INET6 ? (const void *)&address->v6.sin6_addr
                                                              : (const void *)&address->v4.sin_addr;
    if (inet_ntop(address->generic.sa_family, host, text, (socklen_t)size) == NULL && size > 0)
        text[0] = '\0';
}
