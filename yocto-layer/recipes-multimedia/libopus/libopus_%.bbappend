# The decoder asks for deep packet loss concealment at run time (Opus 1.5) and does without it elsewhere.
EXTRA_OECONF:append:deskphone = " --enable-deep-plc"
