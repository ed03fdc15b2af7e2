SUMMARY = "Connecting by IPv4 and IPv6 side by side, for aiohttp"
DESCRIPTION = "The version that aiohttp asks for; later releases of meta-python have it."
HOMEPAGE = "https://github.com/aio-libs/aiohappyeyeballs"
SECTION = "devel/python"
LICENSE = "PSF-2.0"
LIC_FILES_CHKSUM = "file://LICENSE;md5=fcf6b249c2641540219a727f35d8d2c2"

# The distribution chooses it (PREFERRED_VERSION); alone, this layer changes nobody's choice.
DEFAULT_PREFERENCE = "-1"

SRC_URI[sha256sum] = "c3f9d0113123803ccadfdf3f0faa505bc78e6a72d1cc4806cbd719826e943558"

inherit pypi python_setuptools_build_meta

PEP517_BUILD_OPTS = "--skip-dependency-check"

# It wants a newer poetry-core than this release has; setuptools builds the same wheel of its one package.
do_configure:prepend() {
    sed -i -e 's/poetry\.core\.masonry\.api/setuptools.build_meta/' -e '/^dynamic = /d' ${S}/pyproject.toml
}

RDEPENDS:${PN} += "python3-asyncio python3-io"
