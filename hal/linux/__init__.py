"""Devices as the Linux kernel shows them: ALSA, evdev, sysfs, netlink, udev."""
