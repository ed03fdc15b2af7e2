"""A small PBX to try and test the phone with."""
