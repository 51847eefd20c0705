"""Every name that Keras, TensorFlow, JAX, TensorFlow Datasets, Ray and Optuna do not promise to keep, each with its reason.

Seen to work with Keras 3.15.1, TensorFlow 2.21.0, JAX 0.10.2, TensorFlow Datasets 4.9.10, Ray 2.60.0 and Optuna 5.0.0. With
Keras 3.16.0.dev2026102704 the tests of layers, cells, recurrence and models pass on TensorFlow and JAX, but on TensorFlow one
graph of every run stays in memory (tests/training/test_release.py), so that version is not allowed yet. Each name stands in a
function, so that a library is imported when it is needed.

What is not public and cannot stand here, since a class gives a library its own version of it or reads it from itself:

- `training.optimizers.Extended` and `training.norms.Norms` of a Keras optimizer: `_backend_apply_gradients`,
  `_backend_update_step`, `_apply_weight_decay`, `_all_reduce_sum_gradients`, `_clip_gradients`, `_trainable_variables`;
- `layers.rnn.RNN` of a Keras RNN: `inner_loop`; `layers.carried.CarriedState` of it: `_create_state_variables`;
- `layers.bidirectional.Bidirectional` of Keras's: `_can_attempt_fused_lstm`, `_can_attempt_fused_gru`;
- `layers.cell_noise.CellNoise` and `layers.embedding.Embedding` of a Keras layer: `_tracker`;
- `cells.own_masks.OwnMasks` of Keras's `DropoutRNNCell`: its four methods;
- `data.keras_adapter.Feed` of `data_adapter`: all its methods;
- `data.sources.tfds_download` of TensorFlow Datasets' `_Downloader`: `_sync_download`, `_pbar_url`.
"""

from rnnlab.compat.of_keras import (
    automatic_name,
    cudnn_kernels,
    global_generator,
    keras_loop,
    masking_cell,
    padding_mask,
    set_global_generator,
    set_padding_mask,
    set_random_seed,
    shared_programs,
    trains,
    variables_being_called,
)
from rnnlab.compat.of_keras_model import (
    data_adapter,
    every_layer,
    exporting,
    last_operation,
    make_variables,
    stacked_batches,
    torch_loader,
    weights_h5,
)
from rnnlab.compat.of_others import jax_has_started, ray_address, trial_number
from rnnlab.compat.of_tensorflow import (
    bind_gradient_to_graph,
    checks_numerics,
    dismantle,
    downloader,
    gradient_registry,
    in_xla,
    optimization_barrier,
    switch_off_determinism,
    tape_recorder,
    url_info,
    wrong_checksum,
)

__all__ = [
    "automatic_name",
    "bind_gradient_to_graph",
    "checks_numerics",
    "cudnn_kernels",
    "data_adapter",
    "dismantle",
    "downloader",
    "every_layer",
    "exporting",
    "global_generator",
    "gradient_registry",
    "in_xla",
    "jax_has_started",
    "keras_loop",
    "last_operation",
    "make_variables",
    "masking_cell",
    "optimization_barrier",
    "padding_mask",
    "ray_address",
    "set_global_generator",
    "set_padding_mask",
    "set_random_seed",
    "shared_programs",
    "stacked_batches",
    "switch_off_determinism",
    "tape_recorder",
    "torch_loader",
    "trains",
    "trial_number",
    "url_info",
    "variables_being_called",
    "weights_h5",
    "wrong_checksum",
]
