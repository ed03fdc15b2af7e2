/* Any sequence of event payloads: a digit is always one of the sixteen, and waiting ends every event. */
#include <stdlib.h>
#include <string.h>

#include "telephone_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct telephone_event_digit_received *digit)
{
    if (telephone_event_code(digit->digit) < 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct telephone_event_receiver receiver;
    struct telephone_event_digit_received digit;
    telephone_event_receiver_init(&receiver, 8000);
    for (; size >= 6; data += 6, size -= 6) {
        if (telephone_event_receive(&receiver, data[0], data + 2, data[1] % 5u, &digit)) {
            check(&digit);
        }
        if (data[1] > 200 && telephone_event_expire(&receiver, &digit)) {
            check(&digit);
        }
    }
    for (int i = 0; i < TELEPHONE_EVENT_LOST_MS / 10; i++) {
        (void)telephone_event_expire(&receiver, &digit);
    }
    if (telephone_event_expire(&receiver, &digit)) {
        abort();
    }
    return 0;
}
