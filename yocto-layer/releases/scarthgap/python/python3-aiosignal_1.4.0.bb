SUMMARY = "Lists of asynchronous callbacks, for aiohttp"
DESCRIPTION = "The version that aiohttp asks for; later releases of meta-python have it."
HOMEPAGE = "https://github.com/aio-libs/aiosignal"
SECTION = "devel/python"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://LICENSE;md5=cf056e8e7a0a5477451af18b7b5aa98c"

# The distribution chooses it (PREFERRED_VERSION); alone, this layer changes nobody's choice.
DEFAULT_PREFERENCE = "-1"

SRC_URI[sha256sum] = "f47eecd9468083c2029cc99945502cb7708b082c232f9aca65da147157b251c7"

inherit pypi python_setuptools_build_meta

RDEPENDS:${PN} += "python3-frozenlist python3-typing-extensions"
