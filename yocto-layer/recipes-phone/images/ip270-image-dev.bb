SUMMARY = "The phone's image for developers"
DESCRIPTION = "The phone's image with a remote shell and the tools to look into it. Never on a desk: root has no password."

require ip270-image.inc

IMAGE_FEATURES += "allow-empty-password allow-root-login empty-root-password post-install-logging ssh-server-openssh"
IMAGE_INSTALL += "alsa-utils evtest gdbserver strace systemd-analyze"
