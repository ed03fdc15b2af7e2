/* Memory the media thread will use: zeroed and present, so that no tick waits for a page. */
#ifndef IP270_MEMORY_H
#define IP270_MEMORY_H

#include <stddef.h>

/* Aligned to a cache line; freed by free(). NULL when there is none. Never on the media thread. */
void *memory_new(size_t size);

#endif
