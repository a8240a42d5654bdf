"""`python -m tileweave.cli`: the command, by the interpreter that is asked."""

from tileweave.cli import main

main()
