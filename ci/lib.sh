# Shared by the scripts beside it: brings a fresh Debian 12 machine to where the phone can be built and run.
# Every step looks first whether it is needed, so that a second run costs a fraction of a second.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

say() { printf '%s\n' "$*" >&2; }
fail() { say "$0: $*"; exit 1; }

# install_packages FILE: have every Debian package that FILE names.
install_packages() {
    local wanted missing
    mapfile -t wanted < <(grep -v '^#' "$1")
    missing=$(comm -23 <(printf '%s\n' "${wanted[@]}" | sort) \
        <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/^installed //p' | sort))
    [ -z "$missing" ] && return
    [ "$(id -u)" = 0 ] || fail "these Debian packages are missing, install them as root:" $missing
    say "Installing Debian packages:" $missing
    apt-get -qq update || fail "apt-get update failed: check the package sources"
    # shellcheck disable=SC2086 # one word a package is wanted
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $missing >/dev/null ||
        fail "apt-get could not install:" $missing
}

# install_python EXTRA: have the virtual environment with the phone in place and what setup.cfg names for EXTRA ("" or test).
install_python() {
    local stamp=$venv/installed-${1:-run} key
    key=$(cat "$root/setup.cfg" "$root/setup.py" "$root/ci/requirements.py" | sha256sum)
    [ -x "$venv/bin/ip270" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$key" ] && return
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv" || fail "python3 -m venv failed; is python3-venv installed?"
    say "Installing Python packages into ${venv#"$root"/}"
    "$venv/bin/python" "$root/ci/requirements.py" "${1:-}" >"$venv/requirements.txt"
    "$venv/bin/pip" -q install -r "$venv/requirements.txt" || fail "pip could not install what setup.cfg names"
    # Without a word about editable installations, which would be the first thing a newcomer reads.
    PYTHONWARNINGS=ignore "$venv/bin/pip" -q install --no-build-isolation --no-deps -e "$root" ||
        fail "pip could not install the phone"
    printf '%s' "$key" >"$stamp"
}

# build: the C engine and the demo's speech, where their sources changed.
build() {
    (cd "$root" && "$venv/bin/python" -m native.build_engine) >&2 || fail "the media engine did not build"
    (cd "$root" && "$venv/bin/python" -m app.demo.synthesis) >&2 || fail "the demo's speech could not be synthesised"
}

set_up_phone() {
    install_packages "$root/ci/packages-run.txt"
    "$root/ci/libsrtp"
    install_python
    build
}

set_up_tests() {
    install_packages "$root/ci/packages-run.txt"
    install_packages "$root/ci/packages-test.txt"
    "$root/ci/libsrtp"
    install_python test
    build
}
