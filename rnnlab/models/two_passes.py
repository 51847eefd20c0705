"""Two passes of one batch in one step of training, and a penalty on the difference of their predictions."""

from collections.abc import Callable

import keras
from keras import ops

from rnnlab.cells.steps import Tensor

NAMES = ("fraternal", "rdrop", "expectation_linear")
"""The names of the losses, by the passes and the measure of their difference."""


def squared(one: Tensor, other: Tensor) -> Tensor:
    """The mean over the outputs of the squared difference of predictions [..., outputs]."""
    return ops.mean(ops.square(one - other), axis=-1)


def divergence(one: Tensor, other: Tensor, classes: bool) -> Tensor:
    """(KL(p|q) + KL(q|p)) / 2 of logits [..., outputs], in nats.

    p and q are softmax probabilities of `classes`, else one probability a label, their divergences summed over the labels.
    """
    if classes:
        return between_classes(one, other)
    return ops.sum((ops.sigmoid(one) - ops.sigmoid(other)) * (one - other), axis=-1) / 2


def between_classes(one: Tensor, other: Tensor) -> Tensor:
    """The divergence of logits of classes: sum (p - q) (one - other) / 2, for what log p and the logits differ by drops out."""

    @ops.custom_gradient
    def apart(one: Tensor, other: Tensor) -> tuple[Tensor, Callable[..., tuple[Tensor, Tensor]]]:
        p, q, difference = ops.softmax(one, axis=-1), ops.softmax(other, axis=-1), one - other
        under_p, under_q = (ops.sum(weights * difference, axis=-1, keepdims=True) for weights in (p, q))

        def gradient(*cotangents: Tensor, upstream: Tensor | None = None) -> tuple[Tensor, Tensor]:
            half = ops.expand_dims(cotangents[0] if upstream is None else upstream, -1) / 2
            return half * (p * (1 + difference - under_p) - q), half * (q * (1 - difference + under_q) - p)

        return ops.squeeze(under_p - under_q, -1) / 2, gradient

    return apart(one, other)


@keras.saving.register_keras_serializable(package="rnnlab")
class TwoPasses(keras.Model):
    """A model whose training loss, with L1 and L2 those of two passes over a batch from one state, is one of

    - fraternal: (L1 + L2) / 2 + weight * mean (z1 - z2)^2 (Zolna et al. 2018, arXiv 1711.00066);
    - rdrop: (L1 + L2) / 2 + weight * mean (KL(p1|p2) + KL(p2|p1)) / 2 (Liang et al. 2021, arXiv 2106.14448);
    - expectation_linear: L1 + weight * mean (z1 - z2)^2, the second pass without noise (Ma et al. 2017, arXiv 1609.08017),

    z being predictions (logits), p probabilities, the means over the real positions, weighed as the loss. Penalties of the
    layers are those of the first pass, whose state is carried. In evaluation the loss is that of the model.
    """

    def take(self, name: str, weight: float, classes: bool) -> None:
        """Set which of the losses it is, and whether outputs are logits of classes."""
        self.consistency, self.consistency_weight, self.of_classes = name, weight, classes

    def call(self, inputs: Tensor, training: bool | None = None, mask: Tensor | None = None) -> Tensor:
        """The predictions; in training the states that they begin with are kept for the second pass."""
        if training:
            self._begins = [ops.copy(state) for state in self._carried()]
        return super().call(inputs, training=training, mask=mask)

    def compute_loss(
        self,
        x: Tensor | None = None,
        y: Tensor | None = None,
        y_pred: Tensor | None = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        """The loss of a batch."""
        loss = super().compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
        return self.with_second(loss, x, y, y_pred, sample_weight) if training else loss

    def with_second(
        self, loss: Tensor, x: Tensor | None, y: Tensor | None, y_pred: Tensor | None, sample_weight: Tensor | None
    ) -> Tensor:
        """The loss of both passes, given what the first one and its penalties cost."""
        first = loss - sum(map(ops.sum, self.losses))
        second = self._second(x)
        ours = self.loss
        if self.consistency != "expectation_linear":
            loss = loss + (ours(y, second, sample_weight) - first) / 2
        one, other = ops.cast(y_pred, "float32"), ops.cast(second, "float32")
        apart = divergence(one, other, self.of_classes) if self.consistency == "rdrop" else squared(one, other)
        return loss + self.consistency_weight * ours.total(apart, sample_weight)

    def _second(self, x: Tensor | None) -> Tensor:
        """Predict once more from where the first pass began, and leave the states as that pass has left them."""
        carried, begins = self._carried(), self._begins
        ends = [ops.copy(state) for state in carried]
        for state, begin in zip(carried, begins, strict=True):
            state.assign(begin)
        second = self(x, training=self.consistency != "expectation_linear")
        for state, end in zip(carried, ends, strict=True):
            state.assign(end)
        return second

    def _carried(self) -> list[keras.Variable]:
        stateful = [layer for layer in self._flatten_layers() if isinstance(layer, keras.layers.RNN) and layer.stateful]
        return [state for layer in stateful for state in keras.tree.flatten(layer.states or [])]


def two_passes(model: keras.Model, name: str, weight: float, classes: bool) -> TwoPasses:
    """Return a model of the same layers and weights that is trained by two passes."""
    made = TwoPasses(model.inputs[0], model.outputs[0], name=model.name)
    made.take(name, weight, classes)
    return made
