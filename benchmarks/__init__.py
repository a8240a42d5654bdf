"""What Tileweave costs, against what it cannot do without: `make bench`."""
