#!/usr/bin/env bash
# Makes requirements/*.lock again from pyproject.toml: versions and hashes for Python 3.11 to 3.13 on x86_64 and aarch64.
#
#   tools/lock.sh              keeps every version that still fits
#   tools/lock.sh --upgrade    takes the newest ones
#
# The packages are looked up where pip's own configuration says; no address gets into a lock.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

pip_setting() {
    local scope
    for scope in :env: install global; do
        .venv/bin/python -m pip config get "$scope.$1" 2>/dev/null && return
    done
}

index=$(pip_setting index-url) && export UV_DEFAULT_INDEX=$index
certificate=$(pip_setting cert) && export SSL_CERT_FILE=$certificate

# One lock: the name, then what else uv is told.
lock() {
    local name=$1 file=requirements/$1.lock body
    shift
    body=$(mktemp)
    [[ ! -e $file ]] || cp "$file" "$body" # the versions to keep
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --only-binary :all: \
        --no-header --no-annotate --no-emit-index-url --output-file "$body" "$@" pyproject.toml >/dev/null
    { echo "# What hexiao[$name] runs on. Made by 'make lock' from pyproject.toml; do not edit."; cat "$body"; } >"$file"
    rm "$body"
    echo "$file: $(grep -c '^[a-z].*==' "$file") packages"
}

lock dev --extra dev "$@"
# What runs in a shop is what the tests ran on.
lock gateway --extra gateway --constraints requirements/dev.lock
lock headoffice --extra headoffice --constraints requirements/dev.lock
# numpy and Pillow are Raspberry Pi OS's own: picamera2 is built against them.
lock kiosk --extra kiosk --constraints requirements/dev.lock --no-emit-package numpy --no-emit-package pillow
