SUMMARY = "URLs as values, for aiohttp"
DESCRIPTION = "Takes URLs apart and puts them together; aiohttp hands them around as it."
HOMEPAGE = "https://yarl.aio-libs.org"
SECTION = "devel/python"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

# The distribution chooses it (PREFERRED_VERSION); alone, this layer changes nobody's choice.
DEFAULT_PREFERENCE = "-1"

SRC_URI[sha256sum] = "03dd38de09bc213e9a8b29761eec33ee1d5318dac0e49d8af36e4d27830e23a7"

inherit pypi python_setuptools_build_meta

DEPENDS += "python3-cython-native python3-expandvars-native"

# In a temporary folder it would leave that folder's name in the binary.
PEP517_BUILD_OPTS = "--config-setting=build-inplace=true"

RDEPENDS:${PN} += "python3-idna python3-multidict python3-netclient python3-propcache"
