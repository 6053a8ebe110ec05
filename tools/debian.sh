#!/usr/bin/env bash
# The Debian packages of a checkout, as tools/debian-packages.txt lists them.
#
#   tools/debian.sh missing run|all    print the entries that are not installed, one a line; quick, asks no network
#   tools/debian.sh command ENTRY...   print the command that an administrator would give
#   tools/debian.sh install ENTRY...   install them; as root
#
# What is installed here serves processes that the rehearsal counter and the tests start by themselves, on ports of
# their own. So a broker or database that comes with a package is neither started now nor at the next boot; one that
# was there before stays as it is.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
policy=/usr/sbin/policy-rc.d
apt_install="apt-get install --yes --no-remove --no-install-recommends"

# Ubuntu has Chromium as a snap only, which sees neither /tmp nor the driver's pipes; tools/setup.sh takes another.
chromium_is_a_snap() {
    grep -qx 'ID=ubuntu' /etc/os-release
}

missing() {
    local wanted=$1 installed group entry instead _
    installed=$'\n'$(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')$'\n'
    while read -r group entry instead _; do
        [[ $group == run || ($group == test && $wanted == all) ]] || continue
        [[ $entry == chromium ]] && chromium_is_a_snap && continue
        [[ $instead != - ]] && compgen -G "$instead" >/dev/null && continue
        is_installed "$entry" "$installed" || echo "$entry"
    done <"$here/debian-packages.txt"
}

is_installed() {
    local name
    for name in ${1//|/ }; do
        [[ $2 == *$'\n'"$name"$'\n'* ]] && return 0
    done
    return 1
}

# Of the alternatives the one that this release offers; the last where apt knows none (yet).
offered() {
    local name
    for name in ${1//|/ }; do
        apt-cache policy "$name" 2>/dev/null | grep -q '^  Candidate: [^(]' && break
    done
    echo "$name"
}

all_offered() {
    local entry
    for entry in "$@"; do offered "$entry"; done | paste -sd ' '
}

install_packages() {
    local names
    exec 8>/run/lock/hexiao-setup.lock
    flock 8 # another checkout may be at it

    echo "setup: asking for the current lists of packages"
    apt-get update -qq || echo "setup: not every list could be fetched; going on with those that are there"
    names=$(all_offered "$@")
    keep_new_services_off

    echo "setup: installing $names"
    # shellcheck disable=SC2086 # both are lists of words
    DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
        $apt_install -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600 $names
}

# From here to the end of this process no broker or database is started; then those that are new are disabled.
keep_new_services_off() {
    local unit
    new_units=()
    for unit in mosquitto.service postgresql.service; do
        [[ -e /lib/systemd/system/$unit ]] || new_units+=("$unit")
    done
    trap leave_new_services_off EXIT

    # Debian starts a service as soon as it is unpacked, unless policy-rc.d says no. Ours speaks of these only, and only
    # while this process lives, so that even a power cut leaves no machine that starts nothing any more.
    [[ ! -e $policy ]] || is_our_policy || return 0 # a machine with a policy of its own keeps it
    cat >"$policy" <<POLICY
#!/bin/sh
# Written by Hexiao's setup (process $$) while it installs packages; without that process it does nothing, delete it.
[ -d /proc/$$ ] || exit 0
case "\$*" in *mosquitto*|*postgresql*) exit 101 ;; esac
exit 0
POLICY
    chmod 755 "$policy"
}

leave_new_services_off() {
    local unit
    ! is_our_policy || rm -f "$policy"
    for unit in "${new_units[@]}"; do
        [[ ! -e /lib/systemd/system/$unit ]] || systemctl --quiet disable "$unit" ||
            echo "setup: where systemd is, $unit starts at the next boot unless 'systemctl disable $unit' is given"
    done
}

is_our_policy() {
    grep -qs "Hexiao's setup" "$policy"
}

export PATH=$PATH:/usr/sbin:/sbin # su without - leaves them out
case ${1-} in
    missing) missing "$2" ;;
    command) echo "apt-get update && $apt_install $(all_offered "${@:2}")" ;;
    install) install_packages "${@:2}" ;;
    *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
