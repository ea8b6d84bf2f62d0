#!/usr/bin/env bash
# clean_system_test.sh WORK: tries what tools/package makes in a chroot that holds a fresh Debian of
# this machine's release, in an order in which each finds no more than it may ask for:
#   tarball   not one of our libraries
#   wheel     Python and numpy
#   deb       what apt brings with it; at last a compiler, for a program that uses the library
# Wants root, debootstrap, a Debian mirror, and what tools/package wants. The chroot lies in WORK.
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=chroot.sh
. "$source/tests/package/chroot.sh"

install() {
  within apt-get install -y --no-install-recommends "$@"
}

# package KIND: made, and copied to /root of the chroot.
package() {
  local made
  made=$("$source/tools/package" "$1" 2>"$log") || {
    tail -n 40 "$log" >&2
    exit 1
  }
  echo "made ${made//$'\n'/ }"
  xargs -d '\n' cp -t "$system/root" <<<"$made"
}

# main_job ELMO: from text to vectors and neighbours, in /job of the chroot.
main_job() {
  rm -rf "$system/job"
  mkdir "$system/job"
  head -n 2000 "$source/corpora/ko.txt" >"$system/job/text"
  within sh -exc "
    cd /job
    $1 vocab --input text --size 2000 --output pieces.model
    $1 pretrain --direction both --preset tiny --steps 20 --input text --vocab pieces.model \
      --output model
    $1 perplexity --model model --input text
    $1 dump --model model --input text --output vectors.h5
    $1 info vectors.h5
    $1 neighbors --model model --input text --query '그 [배를] 타고' --count 3 >neighbours
    test \$(wc -l <neighbours) = 3"
}

fresh_system "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" "${1:?WORK is missing}"

package tarball
within sh -exc 'mkdir /opt/elmo && tar -C /opt/elmo --strip-components 1 -xf /root/elmo-*.tar.gz'
main_job /opt/elmo/bin/elmo
echo "tarball: runs"

package wheel
install python3-venv python3-numpy
within python3 -m venv --system-site-packages /opt/python
within sh -exc '/opt/python/bin/pip install --no-index /root/*.whl'
within /opt/python/bin/python -c '
import elmo, numpy
model = elmo.load("/job/model")
(vectors,) = model.embed([["그", "배를", "타고"]])
assert vectors.shape[:2] == (2, 3) and numpy.isfinite(vectors).all()
words, array = elmo.open("/job/vectors.h5")[0]
assert array.shape[0] == 2'
echo "wheel: runs"

package deb
within sh -exc 'apt-get install -y --no-install-recommends /root/elmo_*.deb'
main_job elmo
within elmo --help
echo "deb: runs"
install cmake g++ make
within sh -exc 'dpkg -i /root/elmo-dev_*.deb'
cp -r "$source/tests/package/consumer" "$system/root/consumer"
within sh -exc '
  cmake -S /root/consumer -B /root/build
  cmake --build /root/build
  /root/build/program /job/model | grep "배 in layer 1: "'
echo "deb: a program that uses the library is built and runs"
