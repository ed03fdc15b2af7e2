# What its configuration uses besides the recipe's list: eval, for, if, and finding the disk it was started from.
GRUB_BUILDIN:append:ip270-family = " eval regexp"
PACKAGE_ARCH:ip270-family = "${MACHINE_ARCH}"
