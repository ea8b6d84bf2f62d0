# Sourced by the tests that work in a fresh Debian: chroots take root, debootstrap and a mirror.

# fresh_system SUITE WORK: sets `system`, the folder of a chroot of SUITE with the package lists; it
# is removed when the caller ends.
fresh_system() {
  mkdir -p "$2"
  system=$(cd "$2" && pwd)/system
  log=$(cd "$2" && pwd)/log.txt
  trap clean EXIT
  clean
  debootstrap --variant=minbase "$1" "$system" >"$log" 2>&1 || {
    tail -n 5 "$log" >&2
    echo "debootstrap could not make a system of $1" >&2
    exit 1
  }
  mount -t proc proc "$system/proc"
  within apt-get update
}

clean() {
  umount "$system/proc" 2>/dev/null || true
  rm -rf --one-file-system "$system"
}

# quietly COMMAND...: its output is shown only if it fails.
quietly() {
  "$@" >"$log" 2>&1 && return
  tail -n 40 "$log" >&2
  echo "failed: $*" >&2
  exit 1
}

# within COMMAND...: in the chroot, with nothing of the caller's environment but a proxy.
within() {
  quietly env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive http_proxy="${http_proxy:-}" chroot "$system" "$@"
}
