# Arabic and Indic letters join by HarfBuzz's shaping; scarthgap's recipe builds it in by itself.
DEPENDS:append:deskphone = " harfbuzz"
EXTRA_OECMAKE:append:deskphone = " -DSDL2TTF_HARFBUZZ=ON"

# GL is there for an example program, which would bring Mesa into the image.
PACKAGECONFIG:deskphone = ""
