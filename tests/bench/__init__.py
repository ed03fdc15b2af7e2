"""Measurements of the phone beside programs that do the same: `ci/bench` runs them."""
