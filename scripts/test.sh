#!/bin/sh
# What `make test` runs: the tests that only compute side by side, as many as there are cores, and then
# those that run emulators and processes one after the other, which need the cores themselves. One
# coverage of both. Exits 1 if any failed.
#
# usage: scripts/test.sh [pytest's options]
set -u
cd "$(dirname "$0")/.." || exit 1
none_selected=5
computing="not emulators and not e2e"

.venv/bin/python -m pytest --cov --cov-report= --cov-fail-under=0 -n auto --dist worksteal -m "$computing" "$@"
first=$?
.venv/bin/python -m pytest --cov --cov-append -m "emulators or e2e" "$@"
second=$?

# Options may select tests of one part only, but not none at all.
[ "$first$second" != "$none_selected$none_selected" ] || exit "$none_selected"
for status in "$first" "$second"; do
  [ "$status" -eq 0 ] || [ "$status" -eq "$none_selected" ] || exit 1
done
