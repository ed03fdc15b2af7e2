SUMMARY = "libxkbcommon for Python"
DESCRIPTION = "What the keys of a keyboard write, in every layout that X knows. The kiosk reads keyboards at the panel with it."
HOMEPAGE = "https://github.com/sde1000/python-xkbcommon"
SECTION = "devel/python"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://LICENSE;md5=2e3ecc5ccb4145b0bbd7f1fa101f7e4e"

SRC_URI[sha256sum] = "ac174808dbf61d35d9da804bf33baac74bc6f2be0c108594ae93c79cd15ddc36"

inherit pypi python_setuptools_build_meta

DEPENDS += "libxkbcommon python3-cffi-native"

RDEPENDS:${PN} += "python3-cffi python3-mmap xkeyboard-config"
