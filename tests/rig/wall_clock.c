/* A time of day of one's own: preloaded, it shifts CLOCK_REALTIME by the seconds in the file that WALL_CLOCK names, and nothing else.
 * libfaketime would do, but it shifts sleeps until a monotonic time as well. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift;

__attribute__((constructor)) static void map_shift(void)
{
    const char *path = getenv("WALL_CLOCK");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, file, 0);
    shift = mapped == MAP_FAILED ? NULL : mapped;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && shift != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += *shift;
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    (void)zone;
    struct timespec exactly;
    int result = clock_gettime(CLOCK_REALTIME, &exactly);
    *now = (struct timeval){.tv_sec = exactly.tv_sec, .tv_usec = exactly.tv_nsec / 1000};
    return result;
}

time_t time(time_t *now)
{
    struct timespec exactly;
    clock_gettime(CLOCK_REALTIME, &exactly);
    if (now != NULL)
        *now = exactly.tv_sec;
    return exactly.tv_sec;
}
