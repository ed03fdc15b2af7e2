FILESEXTRAPATHS:prepend:deskphone := "${THISDIR}/files:"

do_install:append:deskphone() {
    sed -i -e 's,@MACHINE@,${MACHINE},g' ${D}${sysconfdir}/rauc/system.conf
}
PACKAGE_ARCH:deskphone = "${MACHINE_ARCH}"
