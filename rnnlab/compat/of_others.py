"""The internals of JAX, Ray and Optuna that rnnlab uses."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import optuna


def jax_has_started() -> bool:
    """Return whether JAX has started its devices, after which the number of threads is settled; asking publicly starts them."""
    from jax._src import xla_bridge

    return bool(xla_bridge.backends_are_initialized())


def ray_address(address: str) -> str:
    """Return the address that Ray would ask for `auto`; Ray says it only after having joined the cluster."""
    from ray._private.services import get_ray_address_from_environment

    return get_ray_address_from_environment(address, None) or address


def trial_number(trial: "optuna.Trial") -> int:
    """Return by what Optuna's storage knows a trial; `trial.number` counts within one study, and `Trial` wants this one."""
    return int(trial._trial_id)
