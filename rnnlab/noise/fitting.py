"""Whether noise values fit their argument, each other, and the cell."""

from collections.abc import Iterable

from rnnlab.noise.sites import SITES, Noise


def check_sites(
    noises: Iterable[Noise], argument: str, states: tuple[str, ...] | None = None, sites: tuple[str, ...] | None = None
) -> tuple[Noise, ...]:
    """Return `noises` as a tuple, or raise ValueError where they do not fit `argument`, each other, the cell's `states`,
    or the `sites` that the cell has."""
    noises = tuple(noises)
    at = {noise.site: noise for noise in noises}
    for noise in noises:
        wanted = SITES[noise.site].argument
        if wanted != argument and not (noise.like and SITES[noise.like].argument == argument):
            raise ValueError(f"noise at site {noise.site!r} belongs to {wanted}, not to {argument}")
        if states is not None and SITES[noise.site].needs_cell and "cell" not in states:
            raise ValueError(f"noise at site {noise.site!r} needs a cell state; this cell's states: {', '.join(states)}")
        if sites is not None and noise.site not in sites:
            raise ValueError(f"the cell has no site {noise.site!r}; its sites: {', '.join(sites)}")
        if noise.like and not _alike(noise, at.get(noise.like)):
            raise ValueError(f"noise at site {noise.site!r} takes the mask of {noise.like!r}: give that one, alike in all else")
    check_once([noise.site for noise in noises])
    return noises


def check_once(sites: list[str]) -> None:
    """Raise ValueError where two noises act on one site."""
    for site in sites:
        if sites.count(site) > 1:
            raise ValueError(f"two noises act on site {site!r}; give one")


_ALIKE = ("rate", "lifetime", "scale", "distribution", "sharing", "schedule", "settings")


def _alike(noise: Noise, other: Noise | None) -> bool:
    """Whether one mask serves both."""
    if other is None or other.like or not other.tied:
        return False
    return all(getattr(noise, name) == getattr(other, name) for name in _ALIKE)
