"""The command `tileweave`: the local run, simulated workers, the demo."""
