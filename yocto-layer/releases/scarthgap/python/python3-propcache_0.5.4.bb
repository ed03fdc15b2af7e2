SUMMARY = "Cached properties, for yarl and aiohttp"
DESCRIPTION = "Later releases of meta-python have a recipe of their own."
HOMEPAGE = "https://propcache.aio-libs.org"
SECTION = "devel/python"
LICENSE = "Apache-2.0"
LIC_FILES_CHKSUM = "file://LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57"

DEPENDS += "python3-expandvars-native"

SRC_URI[sha256sum] = "ff6b113f50bc066a698db5d944d2c6dc7507168dd3341e255a8892fd0715a558"

inherit pypi python_setuptools_build_meta

# As for yarl, this release's Cython is too old for it.
PEP517_BUILD_OPTS = "--skip-dependency-check --config-setting=pure-python=true"
