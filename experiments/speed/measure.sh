#!/usr/bin/env bash
# The figures of this folder: rnnlab bench on four shapes, TensorFlow and JAX, a JSON file each.
set -euo pipefail
cd "$(dirname "$0")"
for backend in tensorflow jax; do
  for cell in lstm gru; do
    for shape in "20 35 650 650" "32 100 128 128"; do
      read -r batch steps inputs units <<<"$shape"
      KERAS_BACKEND=$backend rnnlab bench --cell "$cell" --batch "$batch" --steps "$steps" --inputs "$inputs" --units "$units" \
        --repeats "${REPEATS:-10}" --json >"$backend-$cell-$units.json" 2>/dev/null
    done
  done
done
