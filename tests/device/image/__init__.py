"""Builds an arm64 disk (`ci/image`): Debian's packages, PyPI's wheels, and the phone cross-built from this tree.

Partitions, units, users and the boot loader's script are the files that the Yocto layer's image holds; where Debian
differs from OpenEmbedded, the difference stands in `root.py`.
"""
