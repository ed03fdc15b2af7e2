/* srtp_change.h: how a stream's keys change while it runs: contexts go down to the media thread and the old ones come back. */
#ifndef IP270_SRTP_CHANGE_H
#define IP270_SRTP_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "continuity.h"
#include "ip270_media.h"
#include "object.h"
#include "srtp.h"

/** New contexts on their way to the media thread, and the ones they replaced on their way back. */
struct srtp_change {
    struct object object;
    struct continuity_change counts;    /**< What is counted anew                                                 */
    bool replaces[MEDIA_COMPONENTS][SRTP_DIRECTIONS];
    struct srtp_context *contexts[MEDIA_COMPONENTS][SRTP_DIRECTIONS];       /**< NULL for a direction that is to have none    */
};

/** Controlling thread: what leads from the keys `from` to the keys `to`, RTP's and RTCP's. A direction whose key stays keeps its context, since
    beginning anew with the same key would use its key stream twice. `*change` is NULL when nothing is to be done. 0 or -EINVAL. */
int srtp_change_new(struct srtp_change **change, const struct media_srtp from[MEDIA_COMPONENTS],
                    const struct media_srtp to[MEDIA_COMPONENTS], uint32_t ssrc);

/** Controlling thread: contexts that go on where a process before this one ended. `keys`, which the change leads to, must be those it
    had, and none where it had none; then `change` is NULL. 0, -EKEYREJECTED, or -EOVERFLOW for a stream that has gone on for too long. */
int srtp_change_resume(struct srtp_change *change, const struct media_srtp keys[MEDIA_COMPONENTS],
                       const struct continuity_state *from, uint32_t ssrc);

/** Media thread: puts the change's contexts in place and takes the old ones into it. */
void srtp_change_apply(struct srtp_change *change, struct srtp_context *contexts[MEDIA_COMPONENTS][SRTP_DIRECTIONS]);

#endif
