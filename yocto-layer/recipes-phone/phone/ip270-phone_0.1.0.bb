SUMMARY = "Desk-phone firmware: calls, media engine and display"
DESCRIPTION = "The phone and its kiosk, two processes under systemd. Built from the tree this layer lies in, \
without the demo, which is no part of a phone."
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

DEPENDS += "\
    alsa-lib \
    libopus \
    libsrtp \
    openssl \
    python3-cffi-native \
    speexdsp \
    webrtc-audio-processing \
"

SRC_URI = "\
    git://${IP270_SOURCE};protocol=file;nobranch=1;destsuffix=${BP} \
    file://ip270.service \
    file://ip270-farewell.service \
    file://ip270-panel.service \
    file://ip270-kiosk.service \
    file://ip270.rules \
    file://ip270-modules.conf \
    file://ip270-update.conf \
    file://ip270-steward.socket \
    file://ip270-steward@.service \
    file://ip270-time-servers.conf \
    file://ip270-time-servers.path \
    file://ip270-time-servers.service \
"
SRCREV = "${@oe.buildcfg.get_metadata_git_revision(d.getVar('IP270_SOURCE'))}"

inherit python_setuptools_build_meta pkgconfig systemd useradd

# Not the kiosk: the panel's driver has udev start it.
SYSTEMD_SERVICE:${PN} = "\
    ip270.service \
    ip270-farewell.service \
    ip270-panel.service \
    ip270-steward.socket \
    ip270-time-servers.path \
"

USERADD_PACKAGES = "${PN}"
GROUPADD_PARAM:${PN} = "--system ip270-devices; --system render"
USERADD_PARAM:${PN} = "--system --user-group --no-create-home --home-dir ${localstatedir}/lib/ip270 --shell /sbin/nologin \
    --groups audio,input,ip270-devices,render,video ip270"

do_configure:prepend() {
    rm -rf ${S}/app/demo
}

do_install:append() {
    install -d ${D}${systemd_system_unitdir} ${D}${nonarch_base_libdir}/udev/rules.d
    install -m 0644 ${UNPACKDIR}/ip270*.service ${UNPACKDIR}/ip270*.socket ${UNPACKDIR}/ip270*.path \
        ${D}${systemd_system_unitdir}
    sed -i -e 's,@BINDIR@,${bindir},g' -e 's,@BOARD@,${IP270_BOARD},g' \
        -e 's,@PANEL_DRIVER@,${IP270_PANEL_DRIVER},g' ${D}${systemd_system_unitdir}/*.service
    install -m 0644 ${UNPACKDIR}/ip270.rules ${D}${nonarch_base_libdir}/udev/rules.d/70-ip270.rules
    install -D -m 0644 ${UNPACKDIR}/ip270-modules.conf ${D}${nonarch_libdir}/modules-load.d/ip270.conf
    install -D -m 0644 ${UNPACKDIR}/ip270-time-servers.conf ${D}${nonarch_libdir}/tmpfiles.d/ip270-time-servers.conf
    install -D -m 0644 ${UNPACKDIR}/ip270-update.conf ${D}${sysconfdir}/dbus-1/system.d/ip270-update.conf
}

# Which hardware this is (hal/boards); the machine says so.
IP270_BOARD ??= "ip270"
# The kernel's module for the panel; that of all panels where the driver is part of the kernel.
IP270_PANEL_DRIVER ??= "drm"
PACKAGE_ARCH = "${MACHINE_ARCH}"

FILES:${PN} += "\
    ${sysconfdir}/dbus-1/system.d \
    ${nonarch_base_libdir}/udev/rules.d \
    ${nonarch_libdir}/modules-load.d \
    ${nonarch_libdir}/tmpfiles.d \
    ${systemd_system_unitdir} \
"

RDEPENDS:${PN} += "\
    libcrypto \
    libssl \
    python3-aiohttp \
    python3-asyncio \
    python3-cffi \
    python3-core \
    python3-crypt \
    python3-cryptography \
    python3-ctypes \
    python3-datetime \
    python3-dbus-fast \
    python3-difflib \
    python3-evdev \
    python3-fcntl \
    python3-html \
    python3-io \
    python3-json \
    python3-logging \
    python3-math \
    python3-mmap \
    python3-msgspec \
    python3-netclient \
    python3-numpy \
    python3-pyalsaaudio \
    python3-pygame-ce \
    python3-pyudev \
    python3-segno \
    python3-sqlite3 \
    python3-threading \
    python3-tomllib \
    python3-xkbcommon \
    python3-xml \
    python3-zoneinfo \
    ttf-dejavu-sans \
    ttf-inter \
    tzdata-africa \
    tzdata-americas \
    tzdata-antarctica \
    tzdata-arctic \
    tzdata-asia \
    tzdata-atlantic \
    tzdata-australia \
    tzdata-core \
    tzdata-europe \
    tzdata-pacific \
"
