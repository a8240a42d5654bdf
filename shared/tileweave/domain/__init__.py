"""The rules: statuses, the graph, messages. Pure: no I/O, nothing of HTTP or Google Cloud."""
