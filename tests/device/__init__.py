"""The phone in a virtual machine (docs/device.md)."""
