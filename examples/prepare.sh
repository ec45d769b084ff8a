#!/bin/sh
# Prepare a data set in CI: fails where it should, and says why. Usage: prepare.sh DATA OUT RECIPE
set -eu
data=$1 out=$2 recipe=$3
augtool doctor
augtool config check "$recipe"
augtool expand "$data" "$out" --config "$recipe" --on-error fail --json > expand.json
augtool verify "$out"
