# What its configuration uses besides the recipe's list: eval, for, if, and finding the disk it was started from.
GRUB_BUILDIN:append:deskphone = " eval regexp"
