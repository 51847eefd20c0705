"""The one writer of TensorBoard event files: metrics, histograms, pictures, text, settings; no TensorFlow is needed.

`Callback` logs a `model.fit`; the functions make the values that `append` takes.
"""

from typing import TYPE_CHECKING

from rnnlab.tensorboard.event_files import append, cut
from rnnlab.tensorboard.hparams_sessions import session_end, session_start
from rnnlab.tensorboard.values import histogram, image, scalars, text

if TYPE_CHECKING:
    from rnnlab.tensorboard.training_callback import Callback

__all__ = ["Callback", "append", "cut", "histogram", "image", "scalars", "session_end", "session_start", "text"]


def __getattr__(name: str) -> type:
    """Load `Callback` when it is asked for: it needs Keras, the functions do not."""
    if name != "Callback":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from rnnlab.tensorboard.training_callback import Callback

    return Callback
