"""The two noise settings of a recurrent layer or cell, which can be changed, and the noise values that result."""

from collections.abc import Mapping

from rnnlab.documents import Plain
from rnnlab.noise.fitting import check_once, check_sites
from rnnlab.noise.schemes import Setting, noises, plain
from rnnlab.noise.sites import Noise


class NoiseSettings:
    """`dropout` and `recurrent_dropout`, in numbers, strings, lists and mappings alone, and `noise`, by site.

    Setting one of the two changes the noise of every later call. A compiled function keeps the noise it was compiled with, so
    compile the model again. Raises ValueError for noise that the cell has no state for.
    """

    states: tuple[str, ...] = ("hidden",)
    """The names of the cell's states, the output first."""
    sites: tuple[str, ...] | None = None
    """The sites at which noise can act; None where every one can."""

    _dropout: Plain = 0.0
    _recurrent_dropout: Plain = 0.0
    _noises: tuple[tuple[Noise, ...], ...] = (), ()

    @property
    def dropout(self) -> Plain:
        """The setting of the noise on what enters or leaves."""
        return plain(self._dropout)

    @dropout.setter
    def dropout(self, setting: Setting) -> None:
        self._act(noises(setting, "dropout"), self._noises[1])
        self._dropout = plain(setting)

    @property
    def recurrent_dropout(self) -> Plain:
        """The setting of the noise on what passes from step to step."""
        return plain(self._recurrent_dropout)

    @recurrent_dropout.setter
    def recurrent_dropout(self, setting: Setting) -> None:
        inside = check_sites(noises(setting, "recurrent_dropout"), "recurrent_dropout", self.states, self.sites)
        self._act(self._noises[0], inside)
        self._recurrent_dropout = plain(setting)

    def _act(self, *both: tuple[Noise, ...]) -> None:
        check_once([noise.site for one in both for noise in one])
        self._noises = both

    @property
    def noise(self) -> Mapping[str, Noise]:
        """The noise by site."""
        return {noise.site: noise for noises in self._noises for noise in noises}
