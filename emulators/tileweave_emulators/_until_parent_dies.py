"""Becomes the command it is given, which the kernel kills when its parent ends, however it ends.

Run as a file, never imported: `python -I -S _until_parent_dies.py PARENT_PID COMMAND ...`. It must
start in a few milliseconds, so it imports nothing of this package.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Ask the kernel for the signal, then become the command; it keeps process id and request."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)  # the parent ended before the request: no signal would come any more
    os.execv(command[0], command)  # noqa: S606 (to become the command is what this is for)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
