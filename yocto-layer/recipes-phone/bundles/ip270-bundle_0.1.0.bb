SUMMARY = "The phone's update bundle"
DESCRIPTION = "Replaces the system that does not run. Checked block by block while it is read (verity), and signed."
LICENSE = "Apache-2.0"

inherit bundle

RAUC_BUNDLE_COMPATIBLE = "${MACHINE}"
RAUC_BUNDLE_DESCRIPTION = "${DISTRO_NAME} ${DISTRO_VERSION}"
RAUC_BUNDLE_FORMAT = "verity"
# Smaller than gzip, which would be the default, and unpacked in a fraction of the time.
BUNDLE_ARGS += '--mksquashfs-args="-comp zstd -Xcompression-level 19"'
RAUC_BUNDLE_SLOTS = "rootfs"
RAUC_SLOT_rootfs = "ip270-image"
RAUC_SLOT_rootfs[fstype] = "ext4"
# Only blocks that the phone does not have yet are fetched from an HTTP server.
RAUC_SLOT_rootfs[adaptive] = "block-hash-index"

# Which key signs it is the builder's affair: RAUC_KEY_FILE and RAUC_CERT_FILE, outside every tree (README.md).
