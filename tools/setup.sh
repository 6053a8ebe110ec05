#!/usr/bin/env bash
# Installs what a checkout is missing: Debian packages, then .venv/ from requirements/dev.lock with the project in it.
#
#   tools/setup.sh run    what the rehearsal counter and the checks need
#   tools/setup.sh all    the programs of tests and benchmarks as well: PostgreSQL, Chromium
#
# PYTHON names the interpreter; without it python3, or the newest of 3.13 to 3.11 that is there. Where nothing is missing
# this takes a fraction of a second and says nothing. It can be interrupted at any point and given again.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
group=${1-}
lock=requirements/dev.lock
done_mark=.venv/.setup-done       # holds the fingerprint of what was installed
half_mark=.venv/.setup-unfinished # an environment with this mark is made anew
browser_mark=.venv/.setup-browser
log=.venv/setup.log

say() { echo "setup: $*"; }

fail() {
    say "$1" >&2
    [[ $# -eq 1 ]] || printf '%s\n' "${@:2}" >&2
    exit 1
}

# --- Debian packages -------------------------------------------------------------------------------------------------

install_debian_packages() {
    local entries missing
    command -v dpkg-query >/dev/null || fail "this is no Debian, Raspberry Pi OS or Ubuntu (there is no dpkg-query)." \
        "On another system install by hand what tools/debian-packages.txt lists, and build .venv/ from $lock."
    entries=$(tools/debian.sh missing "$group" && venv_package)
    [[ -n $entries ]] || return 0
    mapfile -t missing <<<"$entries"
    say "missing Debian packages: ${missing[*]}"
    say "apt installs them now; this takes a few minutes at most"
    as_root "$(tools/debian.sh command "${missing[@]}")" tools/debian.sh install "${missing[@]}" ||
        fail "apt could not install them; its messages above say why."
}

# Debian splits ensurepip off its python3.
venv_package() {
    [[ $python == .venv/bin/python ]] || "$python" -c 'import ensurepip' 2>/dev/null || echo "python$(version_of "$python")-venv"
}

# Run a command as root; where that is refused, say which command someone else can give instead.
as_root() {
    local by_hand=$1 interactive=()
    shift
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
        return
    fi
    command -v sudo >/dev/null || fail "this needs root, and there is no sudo. Give this command as root, then the same again:" \
        "" "    $by_hand" ""
    [[ -t 0 ]] || interactive=(-n) # nobody is there to type a password
    sudo "${interactive[@]}" true || fail "this needs root, and sudo refused. Give this command, then the same again:" \
        "" "    sudo sh -c '$by_hand'" ""
    sudo "${interactive[@]}" "$@"
}

# --- Python ----------------------------------------------------------------------------------------------------------

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

suits() { "$1" -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info < (3, 14) and sys.maxsize > 2**32))' 2>/dev/null; }

find_python() {
    local name
    if [[ -n ${PYTHON-} ]]; then
        suits "$PYTHON" || fail "PYTHON=$PYTHON does not run, or is no 64-bit Python 3.11, 3.12 or 3.13."
        python=$PYTHON
        return
    fi
    for name in python3 python3.13 python3.12 python3.11; do
        if suits "$name"; then
            python=$name
            return
        fi
    done
    fail "no 64-bit Python 3.11, 3.12 or 3.13 is here: python3 is $(version_of python3 || echo missing)." \
        "Install one of them, and give 'make setup PYTHON=/path/to/python3.13'."
}

# What .venv/ is made of, and where.
fingerprint() {
    { version_of "$1"; pwd; cat "$lock" pyproject.toml tools/setup.sh; } | sha256sum
}

is_current() {
    [[ -e $done_mark && ! -e $half_mark ]] && suits .venv/bin/python &&
        [[ -z ${PYTHON-} || $(version_of "$PYTHON") == "$(version_of .venv/bin/python)" ]] &&
        [[ $(fingerprint .venv/bin/python) == "$(<"$done_mark")" ]]
}

# Whether .venv/ is whole, of the right Python, and stands where it was made: its programs hold that path.
is_sound() {
    [[ ! -e $half_mark && $(version_of .venv/bin/python) == "$(version_of "$python")" ]] &&
        .venv/bin/python -c 'import pip' 2>/dev/null && grep -qF "$PWD/.venv" .venv/bin/activate
}

make_venv() {
    if ! is_sound; then
        say "making .venv with $python ($(version_of "$python"))"
        rm -rf .venv
        mkdir .venv
        touch "$half_mark"
        "$python" -m venv .venv
    fi
    touch "$half_mark"
    : >"$log"

    say "installing Python packages into .venv: about 250 MB to fetch the first time, one to ten minutes"
    pip install --no-deps --require-hashes --only-binary :all: --requirement "$lock"
    pip install --no-deps --no-build-isolation --editable .

    fingerprint .venv/bin/python >"$done_mark"
    rm "$half_mark"
    say "done: .venv/bin/hexiao is the command"
}

# pip as the machine's own configuration has it. What it says goes to the log; here stands how far it is.
pip() {
    local line seen=0 total
    total=$(grep -c '^[a-z].*==' "$lock")
    PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip "$@" --progress-bar off 2>&1 |
        while IFS= read -r line; do
            echo "$line" >>"$log"
            case $line in
                Collecting* | Processing* | "Requirement already satisfied"*) ((++seen % 20)) || say "$seen of $total packages" ;;
                "Installing collected packages: "*,*) say "unpacking them" ;;
                ERROR* | "WARNING: Retrying"*) say "pip: $line" ;;
            esac
        done ||
        fail "pip could not install the packages. Its last words (all of them are in $log):" "$(tail -n 12 "$log")"
}

# --- A browser where Debian's is not to be had -----------------------------------------------------------------------

install_browser() {
    [[ -e $browser_mark || -e /usr/bin/chromium ]] || compgen -G '/usr/bin/google-chrome*' >/dev/null && return
    say "fetching Playwright's Chromium, since Ubuntu's own is a snap that tests cannot drive: about 150 MB"
    as_root "$PWD/.venv/bin/playwright install-deps chromium" .venv/bin/playwright install-deps chromium
    .venv/bin/playwright install chromium
    touch "$browser_mark"
}

case $group in
    run | all) ;;
    *) fail "usage: tools/setup.sh run|all" ;;
esac
exec 9<. # one setup of this checkout at a time
flock --nonblock 9 || { say "waiting for another setup of this checkout"; flock 9; }
python=.venv/bin/python
is_current || find_python
install_debian_packages
is_current || make_venv
[[ $group == run ]] || install_browser
