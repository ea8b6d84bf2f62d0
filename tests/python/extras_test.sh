#!/usr/bin/env bash
# extras_test.sh PYTHON WORK SCRIPT...: makes a virtual environment in WORK with the packages of extras.txt, from
# PyPI, and runs scripts of this folder with them. Wants PYTHONPATH and ELMO as the other tests of the module; some gigabytes and, the first time, minutes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=${2:?WORK is missing}/venv

if ! cmp -s "$here/extras.txt" "$venv/made-from"; then
  rm -rf "$venv"
  "$1" -m venv "$venv"
  "$venv/bin/pip" install --quiet --requirement "$here/extras.txt"
  cp "$here/extras.txt" "$venv/made-from"
fi
shift 2
"$venv/bin/python" -m pytest -q -p no:cacheprovider "${@/#/$here/}"
