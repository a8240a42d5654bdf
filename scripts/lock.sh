#!/bin/sh
# Lock the dependencies: constraints.txt (everything) and constraints-java.txt (the Java of a wheel),
# each with the hashes of all its files, for every platform, on Python 3.11 and newer.
#
# usage: scripts/lock.sh [--upgrade]
#
# uv runs in an environment of its own and without the user's configuration, so that the hashes are
# those of the public index whatever mirror is in use here. The index's name stays out of the files.
set -eu
cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch"
"$scratch/bin/python" -m pip install -qq --disable-pip-version-check uv
unset UV_DEFAULT_INDEX UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_FIND_LINKS

compile() {
  "$scratch/bin/uv" --no-config pip compile --quiet --universal --python-version 3.11 \
    --fork-strategy fewest --generate-hashes --no-header --no-emit-index-url "$@"
}

compile pyproject.toml --extra local --extra dev --output-file constraints.txt "$@"
compile --group java --output-file constraints-java.txt "$@"

if grep -n '://' constraints.txt constraints-java.txt; then
  echo "lock: an address got into the lock" >&2
  exit 1
fi
echo "lock: $(grep -c '==' constraints.txt) packages, $(grep -c 'sha256:' constraints.txt) files" >&2
