SUMMARY = "The typeface Inter, which the phone's display is set in"
DESCRIPTION = "Inter and Inter Display in the four weights that the kiosk uses, as OpenType files."
HOMEPAGE = "https://rsms.me/inter"
SECTION = "fonts"
LICENSE = "OFL-1.1"
LIC_FILES_CHKSUM = "file://LICENSE.txt;md5=082d8cc7db39783f598b7eda8c911f9d"

SRC_URI = "https://github.com/rsms/inter/releases/download/v${PV}/Inter-${PV}.zip;subdir=${BP}"
SRC_URI[sha256sum] = "9883fdd4a49d4fb66bd8177ba6625ef9a64aa45899767dde3d36aa425756b11e"

inherit allarch

do_configure[noexec] = "1"
do_compile[noexec] = "1"
INHIBIT_DEFAULT_DEPS = "1"

# The families and weights of the display's type scale.
INTER_FAMILIES = "Inter InterDisplay"
INTER_STYLES = "Light Medium Regular SemiBold"

do_install() {
    install -d ${D}${datadir}/fonts/opentype/inter
    for family in ${INTER_FAMILIES}; do
        for style in ${INTER_STYLES}; do
            install -m 0644 ${S}/extras/otf/$family-$style.otf ${D}${datadir}/fonts/opentype/inter
        done
    done
}

FILES:${PN} += "${datadir}/fonts"
