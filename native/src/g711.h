/* g711.h: ITU-T G.711 mu-law and A-law, one block at a time. Stateless; any thread. */
#ifndef IP270_G711_H
#define IP270_G711_H

#include <stddef.h>
#include <stdint.h>

void g711_ulaw_encode(const int16_t *in, size_t samples, uint8_t *out);
void g711_ulaw_decode(const uint8_t *in, size_t samples, int16_t *out);
void g711_alaw_encode(const int16_t *in, size_t samples, uint8_t *out);
void g711_alaw_decode(const uint8_t *in, size_t samples, int16_t *out);

#endif
