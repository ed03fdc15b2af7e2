#include "memory.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 64, PAGE_BYTES = 4096 };

void *memory_new(size_t size)
{
    size_t rounded = (size + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
    unsigned char *memory = aligned_alloc(LINE_BYTES, rounded == 0 ? LINE_BYTES : rounded);
    if (memory == NULL)
        return NULL;
    memset(memory, 0, rounded);
    /* A compiler may turn the line above into a calloc, whose fresh pages come only when touched. */
    for (size_t at = 0; at < rounded; at += PAGE_BYTES)
        ((volatile unsigned char *)memory)[at] = 0;
    return memory;
}
