# Asks apt for missing programs, as root or through sudo; says what to install where it cannot.

missing=()

# need PROGRAM PACKAGE: notes the package when the program is not there; fails where there is no package for it.
need() {
    PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null && return 0
    [[ -n "$2" ]] || return 1
    [[ " ${missing[*]-} " == *" $2 "* ]] || missing+=("$2")
}

# Installs what was noted. Services that come with packages (Prometheus, Alertmanager) are not started: policy-rc.d
# forbids it for as long as this takes, and whatever stood in its place comes back.
install_needed() {
    ((${#missing[@]})) || return 0
    local sudo=()
    if ((EUID != 0)); then
        if command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then sudo=(sudo); else sudo=(false); fi
    fi
    if ! command -v apt-get >/dev/null || [[ "${sudo[*]-}" == false ]]; then
        echo "please install: ${missing[*]}   (apt-get install ${missing[*]})" >&2
        exit 1
    fi
    echo "installing: ${missing[*]}" >&2
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive bash -euo pipefail -c '
        policy=/usr/sbin/policy-rc.d
        kept=$(mktemp -u "$policy.XXXXXX")
        [[ ! -e "$policy" ]] || mv "$policy" "$kept"
        restore() { rm -f "$policy"; [[ ! -e "$kept" ]] || mv "$kept" "$policy"; }
        trap restore EXIT
        printf "#!/bin/sh\nexit 101\n" >"$policy"
        chmod 755 "$policy"
        apt-get -q update
        apt-get -q -y --no-install-recommends install "$@"
    ' install "${missing[@]}" >&2
    missing=()
}
