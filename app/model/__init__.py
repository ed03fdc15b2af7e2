"""Frozen structs that travel between rooms. This room imports no other."""
