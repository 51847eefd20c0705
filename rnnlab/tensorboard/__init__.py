"""The one writer of TensorBoard event files: scalars, histograms, images, text, hyper-parameters; no TensorFlow is needed."""

from rnnlab.tensorboard.events import append, cut
from rnnlab.tensorboard.values import histogram, image, scalars, text

__all__ = ["append", "cut", "histogram", "image", "scalars", "text"]
