#include "realtime.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    MEDIA_PRIORITY = 60,
    MEDIA_NICE = -19,
    THREAD_STACK_BYTES = 512 * 1024,
    PREFAULT_BYTES = 128 * 1024,
    PAGE_BYTES = 4096,
};

int realtime_thread_new(pthread_t *thread, const char *name, void *(*body)(void *), void *context)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(thread, &attributes, body, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (error == 0)
        pthread_setname_np(*thread, name);
    return -error;
}

enum realtime_policy realtime_enter(void)
{
    struct sched_param param = {.sched_priority = MEDIA_PRIORITY};
    if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &param) == 0)
        return POLICY_FIFO;
    if (pthread_setschedparam(pthread_self(), SCHED_RR, &param) == 0)
        return POLICY_RR;
    /* On Linux a thread id makes the nice value the thread's own. */
    if (setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), MEDIA_NICE) == 0)
        return POLICY_NICE;
    return POLICY_OTHER;
}

void realtime_prefault_stack(void)
{
    volatile unsigned char stack[PREFAULT_BYTES];
    for (unsigned i = 0; i < sizeof stack; i += PAGE_BYTES)
        stack[i] = 0;
}

int realtime_lock_memory(void)
{
    struct rlimit limit;
    int flags = MCL_CURRENT | MCL_ONFAULT;
    if (geteuid() == 0 || (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY))
        flags |= MCL_FUTURE;
    return mlockall(flags) == 0 ? 0 : -errno;
}
