FILESEXTRAPATHS:prepend:deskphone := "${THISDIR}/files:"

SRC_URI:append:deskphone = " file://deskphone.cfg"
