SUMMARY = "HTTP and web sockets for asyncio"
DESCRIPTION = "HTTP client and server with web sockets, for the PBX's apps, provisioning and the phone's own services."
HOMEPAGE = "https://docs.aiohttp.org"
SECTION = "devel/python"
# The parser in vendor/llhttp is MIT.
LICENSE = "Apache-2.0 & MIT"
LIC_FILES_CHKSUM = "\
    file://LICENSE.txt;md5=b5e9e27554f71f0f132919037cb967b2 \
    file://vendor/llhttp/LICENSE;md5=9e4e583cb28b7e0c2ef8df4832706e96 \
"

# The distribution chooses it (PREFERRED_VERSION); alone, this layer changes nobody's choice.
DEFAULT_PREFERENCE = "-1"

SRC_URI[sha256sum] = "5558a7f5a05af9ecf744af91e5baefc436f93c9333e656c27ec253f9a6bbe178"

inherit pypi python_setuptools_build_meta

DEPENDS += "python3-pkgconfig-native"

RDEPENDS:${PN} += "\
    python3-aiohappyeyeballs \
    python3-aiosignal \
    python3-asyncio \
    python3-attrs \
    python3-compression \
    python3-email \
    python3-frozenlist \
    python3-html \
    python3-json \
    python3-logging \
    python3-mime \
    python3-multidict \
    python3-netclient \
    python3-netserver \
    python3-propcache \
    python3-typing-extensions \
    python3-yarl \
"

CVE_PRODUCT = "aiohttp"
