"""How TensorFlow executes the operations that are being built: at once, in a graph, or in a program of XLA."""

from rnnlab import compat


def in_graph() -> bool:
    """Whether operations are run as soon as they can be: not one by one as Python comes to them, nor by a program of XLA.

    >>> in_graph()
    False
    """
    import tensorflow as tf

    return not tf.executing_eagerly() and not in_xla()


def in_xla() -> bool:
    """Whether a program of XLA is being built.

    >>> in_xla()
    False
    """
    import tensorflow as tf

    return bool(compat.in_xla(tf.compat.v1.get_default_graph()))


def on_processors() -> bool:
    """Whether operations are run as soon as they can be, and by processors alone: there is no GPU."""
    return in_graph() and not gpus()


def gpus() -> bool:
    """Whether TensorFlow has a GPU."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))
