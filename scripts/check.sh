#!/bin/sh
# What `make check` runs: every check, also after one failed, so that one run shows all there is to
# mend. Exits 1 if any failed.
set -u
cd "$(dirname "$0")/.." || exit 1
failed=""

check() {
  name=$1
  shift
  printf '%s\n' "-- $name"
  "$@" || failed="$failed $name"
}

check format .venv/bin/ruff format --check .
check lint .venv/bin/ruff check .
check types .venv/bin/mypy
check layers .venv/bin/lint-imports --no-logo
check spelling .venv/bin/codespell

[ -z "$failed" ] || { printf 'Not in order:%s\n' "$failed" >&2; exit 1; }
