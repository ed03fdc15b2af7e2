FILESEXTRAPATHS:prepend:ip270 := "${THISDIR}/files:"

COMPATIBLE_MACHINE:ip270 = "^ip270$"
# The kernel of every 64-bit ARM board whose firmware speaks UEFI.
KMACHINE:ip270 = "genericarm64"
# Without a name that the kernel's metadata knows there is no configuration.
KMACHINE:ip270-qemu = "qemuarm64"

SRC_URI:append:ip270 = " file://ip270.cfg"
