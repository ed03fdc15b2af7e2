"""The PBX side, by a raw client of its own."""
