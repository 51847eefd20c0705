"""The masks of a cell that is run without a layer, or by a layer without our noise."""

from collections.abc import Callable

from keras import ops

from rnnlab import compat
from rnnlab.cells.steps import Tensor
from rnnlab.noise.mask_shapes import Sizes
from rnnlab.noise.sampling import depends, masks, means
from rnnlab.noise.seed_streams import Stream
from rnnlab.noise.settings import NoiseSettings
from rnnlab.noise.sites import Noise
from rnnlab.tensors import Mask, Size

WEIGHTS = ("kernel", "recurrent_kernel", "bias")
"""The weights that may have noise, by their sites."""
OF_LAYERS = ("hold_output", "detach", "carried")
"""The sites that need a layer, since they concern two steps or two batches."""


class OwnMasks(NoiseSettings, compat.masking_cell()):  # type: ignore[misc]
    """A mix-in for cells that draw their own masks unless `rnnlab.layers.RNN` runs them.

    A Keras layer lets the cell draw one mask per sequence before its loop; noise drawn at every step is refused there
    (ValueError). A cell that is called directly draws at every call, except between `get_dropout_mask(inputs)` and
    `reset_dropout_mask()`, where it keeps its masks.
    """

    units: int
    widths: Callable[[int], dict[str, Size]]
    gates_at: Callable[[str], int]
    first_seed: int
    compute_dtype: str
    driven = False
    """Whether `rnnlab.layers.RNN` runs the cell and draws its masks."""
    _kept: dict[str, Mask] | None = None

    def open_streams(self) -> None:
        """Create the seed streams of a cell that draws its own masks."""
        drawn = {} if self.driven else self.noise
        self.seeds = {site: Stream(self.first_seed, self, site) for site, noise in drawn.items() if not noise.like}

    def own_masks(self, inputs: Tensor, trains: bool) -> dict[str, Mask]:
        """The masks by site for inputs (batch, features): in evaluation their means, where those are not 1."""
        if not trains:
            if not self.driven:
                self._refuse([site for site, noise in self.noise.items() if depends(noise) and _told(noise)])
            return means(self.noise, self.compute_dtype)
        return self._kept or self._drawn(inputs)

    def get_dropout_mask(self, step_input: Tensor) -> None:
        """Draw the masks of a sequence, and keep them."""
        if self.driven or not self.noise or not compat.trains():
            return
        if steps := [site for site, noise in self.noise.items() if noise.lifetime == "step"]:
            raise ValueError(f"noise drawn at every step ({', '.join(steps)}) needs rnnlab.layers.RNN to run the cell")
        self._kept = self._kept or self._drawn(step_input)

    def get_recurrent_dropout_mask(self, step_input: Tensor) -> None:
        """Do nothing: `get_dropout_mask` draws all masks."""

    def reset_dropout_mask(self) -> None:
        """Forget the masks."""
        self._kept = None

    def reset_recurrent_dropout_mask(self) -> None:
        """Do nothing: `reset_dropout_mask` forgets all masks."""

    def _drawn(self, inputs: Tensor) -> dict[str, Mask]:
        if self.driven:
            return {}
        self._refuse([site for site, noise in self.noise.items() if site in OF_LAYERS or _of_layers(noise)])
        drawn = masks(self.noise, self.sizes(1, inputs), self.seeds, self.compute_dtype)
        return {site: _now(mask) if self.noise[site].lifetime == "step" else mask for site, mask in drawn.items()}

    def _refuse(self, outside: list[str]) -> None:
        if outside:
            raise ValueError(f"noise at {', '.join(outside)} needs rnnlab.layers.RNN to run the cell")

    def sizes(self, steps: Size, inputs: Tensor) -> Sizes:
        """The sizes of a call on inputs (..., batch, features)."""
        gates = {site: self.gates_at(site) for site in ("input", "recurrent")}
        named = {site: getattr(self, site) for site in WEIGHTS}
        weights = {site: tuple(weight.shape) for site, weight in named.items() if weight is not None}
        return Sizes(steps, ops.shape(inputs)[-2], self.units, gates, self.widths(inputs.shape[-1]), weights)


def _of_layers(noise: Noise) -> bool:
    """Whether noise depends on values that a cell does not receive."""
    return bool(noise.schedule or noise.learned or _told(noise))


def _told(noise: Noise) -> bool:
    """Whether noise depends on the inputs of a layer or on the epoch."""
    return noise.own is not None and (noise.own.needs("inputs") or noise.own.needs("epoch"))


def _now(mask: Mask) -> Mask:
    """The mask of the only step."""
    return tuple(map(_now, mask)) if isinstance(mask, tuple) else ops.squeeze(mask, 0)
