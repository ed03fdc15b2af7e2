# OpenSSL brings AES-192 and AES-GCM; the built-in ciphers have neither.
PACKAGECONFIG:append:deskphone = " openssl"
