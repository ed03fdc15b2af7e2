require older-setuptools.inc
