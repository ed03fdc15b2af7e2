/* What everything that Python can name has in common. */
#ifndef IP270_OBJECT_H
#define IP270_OBJECT_H

struct object;

enum object_kind {
    OBJECT_BUS,
    OBJECT_STREAM,
    OBJECT_DEVICE,
    OBJECT_TONE,
    OBJECT_PLAYER,
    OBJECT_SRTP_CHANGE,
    OBJECT_ENHANCER,
    OBJECT_RECORDING,
    OBJECT_RECORDED_MESSAGE,
};

struct object {
    enum object_kind kind;
    int id;
    /* Controlling thread, once the media thread has let go. */
    void (*free)(struct object *object);
};

#endif
