"""Drivers for SIP phones this project did not write, each in a process of its own."""
