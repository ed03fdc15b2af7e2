/* Bursts and gaps as RFC 3611, 4.7.2, defines them, on patterns counted by hand. */
#include "check.h"
#include "loss_pattern.h"

/* '.' is played, 'x' missed. */
static struct loss_summary summary_of(const char *pattern)
{
    struct loss_pattern p = {0};
    struct loss_summary summary;
    for (int64_t i = 0; pattern[i] != '\0'; i++) {
        if (pattern[i] == '.')
            loss_pattern_played(&p, 65530 + i);
    }
    loss_pattern_summary(&p, &summary);
    return summary;
}

static void test_nothing_missed(void)
{
    struct loss_summary s = summary_of("....................");
    CHECK_EQUAL(s.packets, 20);
    CHECK_EQUAL(s.missed, 0);
    CHECK_EQUAL(s.gap_packets, 20);
    CHECK_EQUAL(s.gaps, 1);
    CHECK_EQUAL(summary_of("").packets, 0);
}

static void test_one_alone_belongs_to_the_gap(void)
{
    struct loss_summary s = summary_of("................x................x................");
    CHECK_EQUAL(s.packets, 50);
    CHECK_EQUAL(s.missed, 2);
    CHECK_EQUAL(s.missed_runs, 2);
    CHECK_EQUAL(s.bursts, 0);
    CHECK_EQUAL(s.gap_packets, 50);
    CHECK_EQUAL(s.gap_missed, 2);
}

/* Fifteen played between two missed ones keep a burst going, sixteen end it. */
static void test_bursts(void)
{
    struct loss_summary s = summary_of("................x...............x................xx.");
    CHECK_EQUAL(s.packets, 52);
    CHECK_EQUAL(s.missed, 4);
    CHECK_EQUAL(s.missed_runs, 3);
    CHECK_EQUAL(s.bursts, 2);
    CHECK_EQUAL(s.burst_packets, 17 + 2);
    CHECK_EQUAL(s.burst_missed, 4);
    CHECK_EQUAL(s.gap_packets, 16 + 16 + 1);
    CHECK_EQUAL(s.gap_missed, 0);
    CHECK_EQUAL(s.gaps, 3);
}

static void test_what_comes_twice_or_late(void)
{
    struct loss_pattern p = {0};
    struct loss_summary s;
    loss_pattern_played(&p, 10);
    loss_pattern_played(&p, 12);
    loss_pattern_late(&p);
    loss_pattern_played(&p, 11);
    loss_pattern_played(&p, 12);
    loss_pattern_late(&p);
    loss_pattern_summary(&p, &s);
    CHECK_EQUAL(s.packets, 3);
    CHECK_EQUAL(s.missed, 1);
    CHECK_EQUAL(s.late, 1);
}

static void test_burst_ratio(void)
{
    CHECK(loss_summary_burst_ratio(0, 0, 0) == 1.0);
    CHECK(loss_summary_burst_ratio(100, 10, 10) == 1.0);          /* each alone: rarer in a row than by chance */
    double ratio = loss_summary_burst_ratio(100, 10, 2);          /* five in a row, where chance makes 1/(1 - 0.1) */
    CHECK(ratio > 4.499 && ratio < 4.501);
}

int main(void)
{
    test_nothing_missed();
    test_one_alone_belongs_to_the_gap();
    test_bursts();
    test_what_comes_twice_or_late();
    test_burst_ratio();
    return 0;
}
