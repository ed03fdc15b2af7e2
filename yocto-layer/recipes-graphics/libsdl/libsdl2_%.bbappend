# The kiosk brings its picture to the panel by the kernel's mode setting; SDL only paints in memory, without GL.
PACKAGECONFIG_GL:deskphone = ""
