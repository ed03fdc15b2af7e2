/* check.h: assertions that print where and what, and end the test program with failure. */
#ifndef IP270_TESTS_CHECK_H
#define IP270_TESTS_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                                      \
    do {                                                                                                      \
        if (!(condition)) {                                                                                   \
            fprintf(stderr, "%s:%d: %s: not true: %s\n", __FILE__, __LINE__, __func__, #condition);           \
            exit(1);                                                                                          \
        }                                                                                                     \
    } while (0)

#define CHECK_EQUAL(actual, expected)                                                                         \
    do {                                                                                                      \
        long long check_actual = (long long)(actual), check_expected = (long long)(expected);                 \
        if (check_actual != check_expected) {                                                                 \
            fprintf(stderr, "%s:%d: %s: %s is %lld, expected %s = %lld\n", __FILE__, __LINE__, __func__,      \
                    #actual, check_actual, #expected, check_expected);                                        \
            exit(1);                                                                                          \
        }                                                                                                     \
    } while (0)

#define CHECK_BETWEEN(actual, lowest, highest)                                                                \
    do {                                                                                                      \
        double check_actual = (double)(actual);                                                               \
        if (!(check_actual >= (double)(lowest) && check_actual <= (double)(highest))) {                       \
            fprintf(stderr, "%s:%d: %s: %s is %g, expected %s .. %s\n", __FILE__, __LINE__, __func__,         \
                    #actual, check_actual, #lowest, #highest);                                                \
            exit(1);                                                                                          \
        }                                                                                                     \
    } while (0)

#endif
