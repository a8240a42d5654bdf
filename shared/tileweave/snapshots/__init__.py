"""Snapshots as files: GeoJSON, NDJSON and GeoParquet, written and read a scene at a time.

Each holds the Features of scenes with their tiles; a header says of which AOI it is, and as of
when, and an end how many there are, so that a file that was cut off is noticed.
"""
