#!/bin/sh
# Download a scene. Its name, date and place are in the environment, all of the job is on standard input.
set -eu
echo "downloading $TILEWEAVE_SOURCE_ID of $TILEWEAVE_DATE to ${TILEWEAVE_STORAGE_URI:-here}"
