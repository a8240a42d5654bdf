"""The command `tileweave`: the local run, simulated workers, the demo."""


def main() -> None:
    """Run the command with the arguments of this process."""
    from tileweave.cli.app import app

    app(prog_name="tileweave")
