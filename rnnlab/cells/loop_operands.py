"""What a cell computes from its weights and inputs before the loop starts: the operands of its step."""

import keras
from keras import ops

from rnnlab.cells.kinds import CellKind, Options
from rnnlab.cells.own_masks import OwnMasks
from rnnlab.cells.steps import SiteMasks, Tensor, masked_product


class LoopOperands(OwnMasks):
    """Mixed into a cell: its weights under their noise, and the input's share of all pre-activations."""

    kind: CellKind
    """The description of the cell."""
    options: Options
    """The section of its options."""
    products: dict[str, int]
    """The recurrent products of a step by name, each with the number of gates that its slice of the kernel serves."""
    use_bias: bool
    bias: keras.Variable | None
    further: dict[str, keras.Variable]
    vectors: dict[str, keras.Variable]

    @property
    def gates(self) -> int:
        """The number of gates, candidate included."""
        return len(self.kind.of("gates", self.options))

    @property
    def _recurrent_bias(self) -> bool:
        """Whether the bias has two rows: the input's, and the recurrent product's."""
        return bool(self.use_bias and self.kind.of("recurrent_bias", self.options))

    def cast(self, weight: keras.Variable) -> Tensor:
        """A weight as a tensor in the compute dtype."""
        return ops.cast(weight, self.compute_dtype)

    def project(self, x: Tensor, noise: SiteMasks) -> Tensor:
        """The input's share of all pre-activations, (..., gates * units) with the bias, for x of shape (..., features).

        A mask at `input` multiplies the copy of x that enters the product; a tuple of masks the copy for each gate.
        """
        mask = noise.get("input")

        def times(name: str, v: Tensor) -> Tensor:
            return ops.matmul(ops.reshape(v, (-1, v.shape[-1])), kernels[name])

        kernels = self._parts(self.noisy("kernel", noise), {"input": self.gates}, isinstance(mask, tuple))
        product = masked_product(times, "input", x, mask)
        product = self._biased(product, noise)  # flat: TensorFlow adds the bias inside the product
        return ops.reshape(product, (*ops.shape(x)[:-1], self.gates * self.units))

    def _biased(self, product: Tensor, noise: SiteMasks) -> Tensor:
        product = self.kind.prepare(product, self.parameters()) if self.kind.prepare else product
        if self.bias is None:
            return product
        bias = self.noisy("bias", noise)
        return product + (bias[0] if self._recurrent_bias else bias)

    def noisy(self, name: str, noise: SiteMasks) -> Tensor:
        """A copy of a weight under the noise at its site; the stored weights are never touched."""
        weight = self.cast(getattr(self, name))
        if name not in noise:
            return weight
        how = self.noise[name]
        if how.distribution != "additive":
            return weight * noise[name]
        return weight + (noise[name] * self._columns(how.gates) if how.gates else noise[name])

    def _columns(self, gates: tuple[str, ...]) -> Tensor:
        """1 in the columns of these gates, 0 in the others."""
        chosen = [float(gate in gates) for gate in self.kind.of("gates", self.options)]
        return ops.repeat(ops.convert_to_tensor(chosen, self.compute_dtype), self.units)

    def kernels(self, noise: SiteMasks, per_gate: bool = False) -> dict[str, Tensor]:
        """The recurrent kernels by the names of the products, or, `per_gate`, by product and number of the gate."""
        further = {name: self.cast(weight) for name, weight in self.further.items()}
        own = self._parts(self.noisy("recurrent_kernel", noise), self.products, per_gate) if self.products else {}
        return own | further

    def biases(self, noise: SiteMasks, per_gate: bool = False) -> dict[str, Tensor]:
        """The biases of the recurrent products by name, (width,) each; empty where the cell has none."""
        return self._parts(self.noisy("bias", noise)[1], self.products, per_gate) if self._recurrent_bias else {}

    def _parts(self, kernel: Tensor, products: dict[str, int], per_gate: bool) -> dict[str, Tensor]:
        """The columns of a kernel (or of a bias) that serve each product, or each gate of each product that has several."""
        parts: dict[str, Tensor] = {}
        start = 0
        for name, gates in products.items():
            ends = [start + (gate + 1) * self.units for gate in range(gates)]
            if per_gate and gates > 1:
                parts |= {f"{name}_{gate}": kernel[..., end - self.units : end] for gate, end in enumerate(ends)}
            elif ends[-1] - start == kernel.shape[-1]:  # TensorFlow's gradient of a slice is a copy
                parts[name] = kernel
            else:
                parts[name] = kernel[..., start : ends[-1]]
            start = ends[-1]
        return parts

    def parameters(self) -> dict[str, Tensor]:
        """The step's small parameters by name; a cell has only those that its options ask for."""
        return {name: self.cast(weight) for name, weight in self.vectors.items()}

    def factors(self, x: Tensor, noise: SiteMasks) -> tuple[Tensor, Tensor]:
        """The factors of all steps at once; see `CellKind.factors`."""
        own = self.kind.own(self.options)
        assert self.kind.factors
        return self.kind.factors(x, noise, self.parameters(), self.activation, self.recurrent_activation, **own)
