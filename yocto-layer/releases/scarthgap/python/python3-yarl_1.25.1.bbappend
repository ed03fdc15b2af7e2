# This release's Cython is too old for it, and in Python it does the same.
PEP517_BUILD_OPTS += "--skip-dependency-check --config-setting=pure-python=true"
