SUMMARY = "GRUB's configuration: which system starts"
DESCRIPTION = "Starts the first good one of two systems, counts its starts, and returns to the other after three in vain."
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10"

DEPENDS = "grub-native"

SRC_URI = "file://grub.cfg"

S = "${UNPACKDIR}"

inherit deploy nopackages

INHIBIT_DEFAULT_DEPS = "1"
COMPATIBLE_MACHINE = "ip270-family"
PACKAGE_ARCH = "${MACHINE_ARCH}"

# The first serial port; the panel shows nothing of the kernel.
IP270_CONSOLE ?= "${@(d.getVar('SERIAL_CONSOLES') or ';ttyS0').split()[0].split(';')[1]}"

do_configure[noexec] = "1"
do_install[noexec] = "1"

do_compile() {
    sed -e 's,@KERNEL@,${KERNEL_IMAGETYPE},g' -e 's,@CONSOLE@,${IP270_CONSOLE},g' ${UNPACKDIR}/grub.cfg >${B}/ip270-grub.cfg
    grub-script-check ${B}/ip270-grub.cfg
    rm -f ${B}/ip270-grubenv
    grub-editenv ${B}/ip270-grubenv create
    grub-editenv ${B}/ip270-grubenv set ORDER="A B" A_OK=1 A_TRY=0 B_OK=1 B_TRY=0
}

do_deploy() {
    install -m 0644 ${B}/ip270-grub.cfg ${B}/ip270-grubenv ${DEPLOYDIR}
}
addtask deploy after do_compile before do_build
