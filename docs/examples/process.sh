#!/bin/sh
# Process a tile: co-registered with its previous and reference, where it has them.
set -eu
echo "processing $TILEWEAVE_SOURCE_ID of $TILEWEAVE_SCENE by ${TILEWEAVE_GRAPH_NAME:-default}"
if [ -n "$TILEWEAVE_PREVIOUS" ]; then
  echo "after $TILEWEAVE_PREVIOUS of $TILEWEAVE_PREVIOUS_SCENE"
fi
if ! df . > /dev/null; then
  echo "the disk is not there: try again later" >&2
  exit 75
fi
