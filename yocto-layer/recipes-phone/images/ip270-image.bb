SUMMARY = "The phone's image"
DESCRIPTION = "One of two read-only systems, with the phone and what it needs. Nobody can log in: there is no \
password, no remote shell and no console on the panel."

require ip270-image.inc
