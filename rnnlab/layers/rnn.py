"""A cell repeated over time, with its noise: the layer on which LSTM and GRU are built."""

import keras
from keras import ops

from rnnlab import compat
from rnnlab.cells.steps import States, Tensor, dropped
from rnnlab.documents import Record
from rnnlab.layers import arguments, noise_rates, penalty
from rnnlab.layers.carried import CarriedState
from rnnlab.layers.cell_noise import CellNoise
from rnnlab.noise.sampling import masks as drawn
from rnnlab.noise.sampling import means
from rnnlab.noise.schemes import Setting
from rnnlab.recurrence import cudnn, fast, keras_loop, linear_scan
from rnnlab.recurrence.recorder import Watch
from rnnlab.recurrence.two_steps import under
from rnnlab.tensors import Mask, Shape, Tree

OUTSIDE = ("input", "output", "kernel", "bias", "recurrent_kernel", "carried")
"""The sites that act before or after the loop; all others act inside it."""
ROW = 2
"""The number of axes of a mask that all steps share, (batch, width); a mask for each step has one more."""
ON_CUDNN = ("input", "output", "recurrent_kernel", "carried")
"""The sites whose noise cuDNN's kernels can have; the other weights they take as they are stored."""


@keras.saving.register_keras_serializable(package="rnnlab")
class RNN(CellNoise, CarriedState, keras.layers.RNN):
    """Repeat a cell over the steps of (batch, steps, features), with vertical and horizontal noise.

    `dropout` acts on what enters or leaves the layer, `recurrent_dropout` on what passes from step to step; each takes a
    rate (the variational mask, one for all gates), `{"scheme": ..., ...}`, coordinates, a noise value, or a list; see
    `rnnlab.noise.schemes`. Both may be given to the cell instead, and set later; compile the model again after that. In
    training masks are drawn before the loop, each from (seed, layer, site, draw number). In evaluation every noise is its mean
    and nothing is drawn. A masked step keeps states and output.

    `cell` is one of ours, or anything that Keras's own RNN takes: another cell, or a list of cells. Keras's loop runs those,
    with their own noise.

    `ar` and `tar` weigh activation and temporal activation regularisation of the outputs, which join the training loss:
    ar * mean(y_t^2) + tar * mean((h_t - h_{t-1})^2) over unpadded elements (Merity et al. 2017, arXiv 1708.01009). So does
    norm_stabiliser * mean((||h_t|| - ||h_{t-1}||)^2) over unpadded steps (Krueger & Memisevic 2016, arXiv 1511.08400).

    `implementation="auto"` uses cuDNN where it computes the same, else the fast scan, else the loop; `"loop"` forces the loop.
    An exported file always contains the loop, which every converter can read.

    Raises ValueError for a setting that makes no sense for this cell.
    """

    recorder: Watch | None = None
    """The scan that replaces all others while gates and states are recorded; see `rnnlab.inspection`."""

    def __init__(
        self,
        cell: keras.layers.Layer | list[keras.layers.Layer],
        dropout: Setting = 0.0,
        recurrent_dropout: Setting = 0.0,
        seed: int | None = None,
        implementation: str | int = "auto",
        use_cudnn: bool | str = "auto",
        ar: float = 0.0,
        tar: float = 0.0,
        norm_stabiliser: float = 0.0,
        **kwargs: object,
    ) -> None:
        self.implementation = arguments.implementation(implementation)
        self.use_cudnn = arguments.use_cudnn(use_cudnn)
        super().__init__(cell, **kwargs)
        self.supports_masking = True
        self.input_spec = keras.InputSpec(ndim=3)
        self.ar, self.tar = penalty.weight("ar", ar), penalty.weight("tar", tar)
        self.norm_stabiliser = penalty.weight("norm_stabiliser", norm_stabiliser)
        self.take(dropout, recurrent_dropout, seed)

    def build(self, sequences_shape: Shape, initial_state_shape: Tree = None) -> None:
        """Create the cell's weights and a seed stream for every site."""
        super().build(sequences_shape, initial_state_shape)
        self.open_streams()
        self.supports_jit = not (self._takes_cudnn() and keras.backend.backend() == "tensorflow")

    def compute_output_spec(self, sequences: Tensor, *args: object, **kwargs: Tree) -> Tree:
        """The symbolic results, after a check of the mask."""
        arguments.padding(kwargs.get("mask"), sequences.shape)
        return super().compute_output_spec(sequences, *args, **kwargs)

    def call(self, sequences: Tensor, initial_state: Tree = None, mask: Tree = None, training: bool = False) -> Tree:
        """Check mask and initial states, then run."""
        mask = arguments.padding(mask, sequences.shape)
        if initial_state is not None:
            names = self.cell.states if self.ours else ()
            initial_state = arguments.initial_states(initial_state, self.state_size, ops.shape(sequences)[0], names)
        return super().call(sequences, initial_state, mask, training)

    def compute_mask(self, sequences: Tensor, mask: Tree) -> Tensor | None:
        """The mask of the outputs, (batch, steps)."""
        mask = mask[0] if isinstance(mask, list | tuple) else mask
        return super().compute_mask(sequences, ops.squeeze(mask, -1) if len(getattr(mask, "shape", ())) == 3 else mask)

    def inner_loop(self, sequences: Tensor, initial_state: Tree, mask: Tensor | None = None, training: bool = False) -> Tree:
        """Run the recurrence: last output, all outputs, final states."""
        if not self.ours:
            return super().inner_loop(sequences, initial_state, mask, training)
        x, states = ops.transpose(ops.cast(sequences, self.cell.compute_dtype), (1, 0, 2)), tuple(initial_state)
        if self.stateful and keras.backend.backend() == "torch":  # its variable changes before gradients are taken
            states = tuple(map(ops.copy, states))
        mask = None if mask is None else ops.transpose(mask)
        if self.go_backwards:
            x, mask = ops.flip(x, axis=0), None if mask is None else ops.flip(mask, axis=0)
        masks = self._masks(x, training)
        states = tuple(dropped(state, masks, "carried") for state in states)
        outputs, states = self._on_cudnn(x, states, mask, masks) or self._scan(x, states, mask, masks, training)
        raw, outputs = outputs, dropped(outputs, masks, "output")
        if training:
            self._penalise(raw, outputs, mask)
        return outputs[-1], ops.transpose(outputs, (1, 0, 2)), list(states)

    def _penalise(self, raw: Tensor, outputs: Tensor, real: Tensor | None) -> None:
        """Add to the training loss AR on the layer's outputs, and TAR and the norm stabiliser on the cell's."""
        if self.ar:
            self.add_loss(self.ar * penalty.activation(outputs, real))
        if self.tar:
            self.add_loss(self.tar * penalty.temporal(raw, real))
        if self.norm_stabiliser:
            self.add_loss(self.norm_stabiliser * penalty.norm_stabiliser(raw, real))

    def _masks(self, x: Tensor, training: bool) -> dict[str, Mask]:
        """The mask of every site for this call: drawn in training; in evaluation its mean, left out where that is 1."""
        if not self.noise:
            return {}
        rates, told, sizes = self.rates(), self.told(x), self.cell.sizes(ops.shape(x)[0], x)
        if not training:
            return means(self.noise, self.cell.compute_dtype, rates, told, sizes)
        for site in filter(lambda site: self.noise[site].learned, rates):
            kernel = self.cell.kernel if site == "input" else self.cell.recurrent_kernel
            self.add_loss(noise_rates.penalty(self.noise[site], rates[site], kernel))
        return drawn(self.noise, sizes, self.seeds, self.cell.compute_dtype, rates, told)

    def _scan(
        self, x: Tensor, states: States, padding: Tensor | None, masks: dict[str, Mask], training: bool
    ) -> tuple[Tensor, States]:
        """Project x (steps, batch, features) for all steps at once, then run them."""
        inside = {site: mask for site, mask in masks.items() if site not in OUTSIDE}
        learned = {site: inside.pop(site) for site in list(inside) if training and self.noise[site].learned}
        varying = {site: mask for site, mask in inside.items() if len(keras.tree.flatten(mask)[0].shape) > ROW}
        fixed = {site: mask for site, mask in inside.items() if site not in varying}
        projected = self.cell.project(x, masks)
        quick = self.implementation != "loop" and not self.unroll and self.cell.pure and not compat.exporting()
        if quick and self.cell.kind.factors and isinstance(x.shape[0], int) and not self.recorder:
            factors = self.cell.factors(projected, fixed | varying)
            return linear_scan.scan(factors, states, padding, self.zero_output_for_mask)
        per_gate = isinstance(masks.get("recurrent"), tuple)
        kernels, biases = self.cell.kernels(masks, per_gate), self.cell.biases(masks, per_gate)
        step, all_states = under(inside, learned, self.cell.step, states)
        operands = (step, projected, all_states, kernels, biases, self.cell.parameters(), fixed, varying, padding)
        scan = self.recorder or (fast() if quick else None)
        how = {"zero_output": self.zero_output_for_mask, "output_size": self.cell.output_size}
        outputs, final = scan(*operands, **how) if scan else keras_loop.scan(*operands, **how, unroll=self.unroll)
        return outputs, final[: len(states)]

    def _takes_cudnn(self) -> bool:
        """Whether cuDNN can run this layer: no noise inside the loop, no masks per gate, and a cell and a machine that fit."""
        if self.recorder:
            return False
        outside = all(site in ON_CUDNN for site in self.noise) and all(noise.tied for noise in self.noise.values())
        quick = self.ours and self.implementation != "loop" and not self.unroll
        able = quick and self.use_cudnn and outside and cudnn.fits(self.cell)
        if self.use_cudnn is True and not able:
            raise ValueError(f"use_cudnn=True, but cuDNN can't run {self.name!r} with its noise, cell, backend and machine")
        return bool(able)

    @property
    def bare(self) -> bool:
        """Whether a kernel that takes nothing but weights and inputs computes everything that the layer does."""
        adds = self.noise or self.penalised or self.activity_regularizer or self.recorder
        able = self.built and self.ours and self.cell.cudnn and self.cell.use_bias
        return bool(able and self.use_cudnn and self.implementation != "loop" and not self.unroll and not adds)

    def _on_cudnn(self, x: Tensor, states: States, mask: Tensor | None, masks: dict[str, Mask]) -> tuple[Tensor, States] | None:
        """Outputs and states by cuDNN, or None where it can't. It pads by other rules than Keras, so not under a mask."""
        if mask is not None or compat.exporting() or not self._takes_cudnn():
            return None
        kernels = self.cell.kernels(masks)
        return cudnn.run(self.cell, dropped(x, masks, "input"), states, kernels["recurrent"])

    def get_config(self) -> Record:
        """Every argument."""
        own = ("dropout", "recurrent_dropout", "seed", "implementation", "use_cudnn", "ar", "tar", "norm_stabiliser")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}
