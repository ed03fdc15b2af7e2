#ifndef IP270_CODEC_G722_H
#define IP270_CODEC_G722_H

#include "codec.h"

extern const struct codec codec_g722;

#endif
