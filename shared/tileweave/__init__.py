"""Tileweave: the workflow server of a satellite-imagery ingestion, as serverless functions."""

__version__ = "0.1.0"
