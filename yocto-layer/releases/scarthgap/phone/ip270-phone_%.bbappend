# cryptography 42, with this release's own security fixes, still has triple DES where it was.
do_configure:append() {
    sed -i -e 's/hazmat\.decrepit\.ciphers\.algorithms import TripleDES/hazmat.primitives.ciphers.algorithms import TripleDES/' \
        ${S}/app/pbx/login_proofs.py
}
