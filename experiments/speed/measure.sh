#!/usr/bin/env bash
# Write the times of this folder: rnnlab bench on two cells and two shapes, on TensorFlow and JAX, one JSON file each; then the README.
# measure.sh -schemes measures only the files whose names contain "-schemes".
set -euo pipefail
cd "$(dirname "$0")"
only="${1:-}"

bench() { # file, backend, cell, units, further options
  [[ "$1" == *"$only"* ]] || return 0
  local shape="--batch 32 --steps 100 --inputs 128 --units 128"
  [ "$4" = 128 ] || shape="--batch 20 --steps 35 --inputs 650 --units 650"
  # shellcheck disable=SC2086
  KERAS_BACKEND=$2 rnnlab bench --cell "$3" $shape --json "${@:5}" >"$1.new" 2>/dev/null
  mv "$1.new" "$1"
}

for cell in lstm gru; do
  for units in 650 128; do
    bench "tensorflow-$cell-$units.json" tensorflow "$cell" "$units" --repeats "${REPEATS:-10}" --memory
    bench "tensorflow-$cell-$units-schemes.json" tensorflow "$cell" "$units" --repeats "${REPEATS:-6}" --schemes
    bench "jax-$cell-$units.json" jax "$cell" "$units" --repeats "${REPEATS:-10}"
  done
done
python table.py
