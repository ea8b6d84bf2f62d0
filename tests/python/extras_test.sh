#!/usr/bin/env bash
# extras_test.sh PYTHON WORK LIST SCRIPT...: makes a virtual environment in WORK with the packages of
# LIST, a file of this folder, from PyPI, and runs scripts of this folder with them. Wants PYTHONPATH
# and ELMO as the other tests of the module; some gigabytes and, the first time, minutes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
list=$here/${3:?LIST is missing}
venv=${2:?WORK is missing}/venv-$(basename "$list" .txt)

if ! cmp -s "$list" "$venv/made-from"; then
  rm -rf "$venv"
  "$1" -m venv "$venv"
  "$venv/bin/pip" install --quiet --requirement "$list"
  cp "$list" "$venv/made-from"
fi
shift 3
"$venv/bin/python" -m pytest -q -p no:cacheprovider "${@/#/$here/}"
