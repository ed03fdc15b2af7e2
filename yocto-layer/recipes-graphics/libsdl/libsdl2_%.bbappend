# There is no window system: SDL drives the panel by the kernel's mode setting, and draws by OpenGL ES.
PACKAGECONFIG:append:deskphone:class-target = " gles2 kmsdrm"
# SDL opens these at run time, so that nobody sees from its binary that it needs them.
RDEPENDS:${PN}:append:deskphone:class-target = " libdrm libegl-mesa libgbm libgles2-mesa"
