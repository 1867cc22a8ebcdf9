#!/usr/bin/env bash
# Accuracy and speed of haihe distance and of the npm package searoute-js on the same pairs, in one run: make bench-sea.
# PAIRS is a CSV file with from,from_lon,from_lat,to,to_lon,to_lat,distance_nm.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
pairs=$(realpath "${PAIRS:-$root/../shared/data/sea-distances.csv}")
work=$root/.cache/bench-sea
mkdir -p "$work"
cd "$root"
go build -o "$work/haihe" ./cmd/haihe
[ -d "$work/node_modules/searoute-js" ] || npm install --prefix "$work" --no-save --no-fund --no-audit --silent searoute-js@0.1.0
# Seconds of the processor, of both, so that other work on the machine does not count.
TIMEFORMAT='%U %S'
{ time GOMAXPROCS=1 "$work/haihe" distance --pairs "$pairs" > "$work/haihe.csv"; } 2> "$work/haihe.time"
HAIHE_SECONDS=$(tail -n 1 "$work/haihe.time" | awk '{ print $1 + $2 }') && export HAIHE_SECONDS
cd "$work"
node "$here/searoute.mjs" "$pairs" "$work/haihe.csv"
