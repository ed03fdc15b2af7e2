"""A USB headset that is plugged into QEMU from outside: sound both ways, buttons and lamps in one device.

QEMU's `usb-redir` device is given a USB device over a socket, by the protocol with which SPICE brings devices from a
desk to a virtual machine (https://www.spice-space.org/usbredir.html, "USB Network Redirection protocol description
version 0.7"). There the side that has the device is called usb-host, and QEMU usb-guest. Here:

* `wire` is that protocol's packets as bytes,
* `headset` is the device: descriptors, requests, sound, reports,
* `host` answers QEMU for the device, without I/O,
* `plug` connects it to QEMU's socket, and pulls it out.
"""
