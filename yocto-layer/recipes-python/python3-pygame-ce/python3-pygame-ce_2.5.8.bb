SUMMARY = "Drawing and input by SDL for Python, the community's edition of pygame"
DESCRIPTION = "Windows, surfaces, fonts, pictures and events by SDL 2. The kiosk draws with it and hears its keys."
HOMEPAGE = "https://pyga.me"
SECTION = "devel/python"
LICENSE = "LGPL-2.1-only"
LIC_FILES_CHKSUM = "file://docs/LGPL.txt;md5=7fbc338309ac38fefcd64b04bb903e34"

SRC_URI[sha256sum] = "3c8e69088ead310037972c391306ea58e74d7296b35d1890067749235fd554ba"

PYPI_PACKAGE = "pygame_ce"

inherit pypi python_mesonpy pkgconfig

DEPENDS += "freetype libsdl2-image libsdl2-ttf python3-cython-native virtual/libsdl2"

# The kiosk draws and listens to keys; sound is the media engine's. Without documentation, examples and tests.
EXTRA_OEMESON = "-Dmidi=disabled -Dmixer=disabled -Dstripped=true"
# It asks for upper bounds of build tools and for those that make its documentation.
PEP517_BUILD_OPTS += "--skip-dependency-check"

RDEPENDS:${PN} += "\
    python3-ctypes \
    python3-logging \
    python3-math \
    python3-numpy \
    python3-threading \
"
