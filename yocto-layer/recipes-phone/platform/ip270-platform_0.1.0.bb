SUMMARY = "What the phone's system adds to systemd"
DESCRIPTION = "Mounts of /data and of the boot loader's partition, an identity that survives updates, network, \
and journal."
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10"

SRC_URI = "\
    file://data.mount \
    file://efi.mount \
    file://ip270-factory-reset \
    file://ip270-factory-reset.service \
    file://ip270-machine-id \
    file://ip270-machine-id.service \
    file://journald.conf \
    file://ip270-no-data.service \
    file://ip270.preset \
    file://rauc.conf \
    file://resolved.conf \
    file://system.conf \
    file://systemd-timesyncd.conf \
    file://wired.network \
"

S = "${UNPACKDIR}"

inherit allarch systemd

SYSTEMD_SERVICE:${PN} = "data.mount efi.mount ip270-factory-reset.service ip270-machine-id.service"

do_configure[noexec] = "1"
do_compile[noexec] = "1"

do_install() {
    install -d ${D}/data ${D}/efi ${D}${libexecdir} ${D}${systemd_system_unitdir}
    install -m 0755 ${UNPACKDIR}/ip270-factory-reset ${UNPACKDIR}/ip270-machine-id ${D}${libexecdir}
    for unit in data.mount efi.mount ip270-factory-reset.service ip270-machine-id.service ip270-no-data.service; do
        install -m 0644 ${UNPACKDIR}/$unit ${D}${systemd_system_unitdir}
    done
    sed -i -e 's,@LIBEXECDIR@,${libexecdir},g' ${D}${systemd_system_unitdir}/ip270-*.service
    install -D -m 0644 ${UNPACKDIR}/ip270.preset ${D}${nonarch_libdir}/systemd/system-preset/10-ip270.preset
    install -D -m 0644 ${UNPACKDIR}/journald.conf ${D}${nonarch_libdir}/systemd/journald.conf.d/ip270.conf
    install -D -m 0644 ${UNPACKDIR}/rauc.conf ${D}${systemd_system_unitdir}/rauc.service.d/ip270.conf
    install -D -m 0644 ${UNPACKDIR}/resolved.conf ${D}${nonarch_libdir}/systemd/resolved.conf.d/ip270.conf
    install -D -m 0644 ${UNPACKDIR}/system.conf ${D}${nonarch_libdir}/systemd/system.conf.d/ip270.conf
    install -D -m 0644 ${UNPACKDIR}/systemd-timesyncd.conf ${D}${systemd_system_unitdir}/systemd-timesyncd.service.d/ip270.conf
    install -D -m 0644 ${UNPACKDIR}/wired.network ${D}${nonarch_libdir}/systemd/network/40-wired.network
    # Nobody logs in. The reset button is the phone's, in a call it does nothing; a keyboard's Ctrl+Alt+Del is nobody's.
    install -d ${D}${sysconfdir}/systemd/system
    for unit in systemd-logind.service dbus-org.freedesktop.login1.service ctrl-alt-del.target; do
        ln -s /dev/null ${D}${sysconfdir}/systemd/system/$unit
    done
}

FILES:${PN} += "/data /efi ${systemd_system_unitdir} ${nonarch_libdir}/systemd ${sysconfdir}/systemd"

RDEPENDS:${PN} += "e2fsprogs-e2fsck util-linux-mount volatile-binds"
