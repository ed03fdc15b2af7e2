#ifndef IP270_CODEC_G711_H
#define IP270_CODEC_G711_H

#include "codec.h"

extern const struct codec codec_pcmu;
extern const struct codec codec_pcma;

#endif
