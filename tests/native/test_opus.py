"""What is found out about the libopus at hand."""

from __future__ import annotations

import re

from native import opus_build

FIRST_WITH_NETWORKS = (1, 5)


def test_a_build_without_neural_networks_is_known_as_such() -> None:
    build = opus_build()
    found = re.match(r"libopus (\d+)\.(\d+)", build.version)
    assert found is not None
    if (int(found[1]), int(found[2])) < FIRST_WITH_NETWORKS:
        assert (build.deep_plc, build.dred) == (False, False)
