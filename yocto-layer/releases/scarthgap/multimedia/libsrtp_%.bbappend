# Releases from 2.8 on derive AES-192's keys as RFC 6188 does.
FILESEXTRAPATHS:prepend:deskphone := "${IP270_SOURCE}/ci:"
SRC_URI:append:deskphone = " file://libsrtp.patch"
