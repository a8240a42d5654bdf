#!/bin/sh
# Make .venv: a Python >= 3.11, the locked dependencies, Tileweave itself (editable). Does nothing
# when they are there already, starts anew when it was interrupted half-way, and waits for another
# setup of this folder.
#
# PYTHON names the interpreter to take; without it, the first that fits of python3.13, python3.12,
# python3.11, python3. pip runs under the user's own configuration.
set -eu
cd "$(dirname "$0")/.."
venv=.venv
stamp=$venv/.tileweave-setup # written last: the folder, and a checksum of what .venv was made from
lock=.venv.lock              # a link that names the process of the setup that runs

say() { echo "setup: $*" >&2; }

# An interpreter is known by the file it runs: a shim, or the python of another environment, only
# leads to it.
base_of() { "$1" -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))' 2>/dev/null; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
makes_venvs() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

find_python() {
  if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3.13 python3.12 python3.11 python3; fi
  problem="none of these runs as Python 3.11 or newer: $*"
  for candidate; do
    new_enough "$candidate" || continue
    if makes_venvs "$candidate"; then
      base_of "$candidate"
      return
    fi
    problem="$candidate cannot make virtual environments (it lacks venv or ensurepip)"
  done
  say "$problem. Install one (apt-get install python3 python3-venv | dnf install python3.12 |" \
    "brew install python@3.13), or name one: make setup PYTHON=/path/to/python3"
  return 1
}

sources() { cat pyproject.toml constraints.txt scripts/setup-venv.sh | cksum; }
# An environment cannot be moved: one that was made in another folder is of no use.
made_here() { [ "$(sed -n 1p "$stamp" 2>/dev/null)" = "$(pwd)" ]; }
up_to_date() { [ "$(sed -n 2p "$stamp" 2>/dev/null)" = "$(sources)" ]; }
runs() { new_enough "$venv/bin/python" && "$venv/bin/python" -c 'import pip' 2>/dev/null; }
as_asked() {
  [ -z "${PYTHON:-}" ] ||
    [ "$(readlink -f "$(base_of "$PYTHON")")" = "$(readlink -f "$(base_of "$venv/bin/python")")" ]
}
finished() { made_here && up_to_date && as_asked; }

# -qq: pip's warnings are not ours to show; what fails is told. --no-deps: the lock is complete.
pip_install() {
  "$venv/bin/python" -m pip install -qq --no-input --disable-pip-version-check --no-deps "$@" </dev/null
}

take_lock() {
  [ -w . ] || { say "cannot write in $(pwd)"; exit 1; }
  waited=""
  until ln -s "$$" "$lock" 2>/dev/null; do
    owner=$(readlink "$lock" || echo none)
    if [ "$owner" != none ] && ! kill -0 "$owner" 2>/dev/null; then
      rm -f "$lock" # it was killed
      continue
    fi
    [ -n "$waited" ] || say "waiting for the setup that runs already (process $owner; else remove $lock)"
    waited=yes
    sleep 1
  done
  trap 'rm -f "$lock"' EXIT
  # The shell comes to these when pip has ended, so the lock is held as long as pip writes.
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

if finished; then exit 0; fi
take_lock
if finished; then exit 0; fi

if ! { made_here && runs && as_asked; }; then
  python=$(find_python)
  say "making $venv with $("$python" --version)"
  rm -rf "$venv"
  "$python" -m venv "$venv"
fi
rm -f "$stamp"
say "installing the locked dependencies"
pip_install --require-hashes -r constraints.txt
say "installing tileweave"
pip_install --no-build-isolation -e .
{ pwd; sources; } >"$stamp"
