#!/usr/bin/env bash
# debian_test.sh SUITE WORK: in a chroot that holds a fresh Debian of SUITE, runs the README's first
# commands as they are typed, tools/quickstart and tools/test, then makes, installs and runs the
# Debian packages. Wants root, debootstrap and a Debian mirror. The chroot lies in WORK.
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=chroot.sh
. "$source/tests/package/chroot.sh"
fresh_system "${1:?SUITE is missing}" "${2:?WORK is missing}"

mkdir "$system/root/elmo"
tar -C "$source" --exclude=./build --exclude=./.git -cf - . | tar -C "$system/root/elmo" -xf -
within /root/elmo/tools/quickstart
echo "$1: tools/quickstart works"
within /root/elmo/tools/test
tail -n 1 "$log"
within sh -exc '
  /root/elmo/tools/package deb
  apt-get install -y --no-install-recommends /root/elmo/build/package/elmo_*.deb
  elmo info /root/elmo/build/quickstart/en'
echo "$1: the Debian package is made and runs"
