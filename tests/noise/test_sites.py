"""Noise as a value: what it fills in, what it refuses, where it may stand."""

import math
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from conformance.table import COORDINATES, OF_SCHEMES, noise

from rnnlab.noise.fitting import check_sites
from rnnlab.noise.schemes import noises
from rnnlab.noise.sites import SITES, Noise


def test_the_conformance_table_knows_every_site_and_all_its_coordinates():
    for site, (argument, lifetimes, sharing, scales) in COORDINATES.items():
        assert SITES[site].argument == argument
        assert set(SITES[site].lifetimes) == set(lifetimes)
        assert SITES[site].per_gate == (False in sharing)
        assert set(SITES[site].scales or ("",)) == set(scales)
    assert set(SITES) == {*COORDINATES, *OF_SCHEMES, "word"}


@pytest.mark.parametrize("site", SITES)
def test_a_value_is_frozen_filled_in_and_reads_back_from_its_coordinates(site):
    value = Noise(site=site, rate=0.25)
    assert (value.lifetime, value.scale) == (SITES[site].lifetimes[0], (SITES[site].scales or ("",))[0])
    assert value.keep == 0.75
    assert Noise(**value.coordinates()) == value
    assert noises(value.coordinates(), SITES[site].argument) == (value,)
    with pytest.raises(FrozenInstanceError):
        value.rate = 0.5


@pytest.mark.parametrize("rate", [1.0, 1.7, -0.1, 1, math.nan, math.inf, True, "0.5", None])
@pytest.mark.parametrize("argument", ["dropout", "recurrent_dropout", "embedding"])
def test_a_rate_outside_0_1_is_refused_wherever_it_enters(rate, argument):
    """Fault 5: Keras takes a rate of 1 or 1.7 in silence and then drops nothing."""
    site = next(name for name, site in SITES.items() if site.argument == argument)
    with pytest.raises(ValueError, match=r"a dropout rate must be a number in \[0, 1\), got"):
        Noise(site=site, rate=rate)
    with pytest.raises(ValueError, match=r"must be a number in \[0, 1\)|takes a rate"):
        noises(rate, argument)


@pytest.mark.parametrize(
    ("coordinates", "message"),
    [
        ({"site": "gate"}, "noise site 'gate' is unknown; the sites are input, output, kernel"),
        ({"site": ["input"]}, r"noise site \['input'\] is unknown"),
        ({"site": "input", "lifetime": "batch"}, "site 'input' takes lifetime step or sequence, got 'batch'"),
        ({"site": "recurrent_kernel", "lifetime": "step"}, "site 'recurrent_kernel' takes lifetime batch, got 'step'"),
        ({"site": "cell", "scale": "train"}, "site 'cell' is a carried state: dividing it by 1 - rate at every step explodes"),
        ({"site": "hold_cell", "scale": "train"}, "site 'hold_cell' takes no scale"),
        ({"site": "candidate", "scale": "later"}, "site 'candidate' takes scale test or train, got 'later'"),
        ({"site": "candidate", "tied": False}, "noise at site 'candidate' acts on no gate's own product"),
        ({"site": "input", "tied": "no"}, "tied must be true or false, got 'no'"),
        ({"site": "cell", "distribution": "gaussian"}, "site 'cell' is a carried state: factors above 1 at every step explode"),
        ({"site": "hold_cell", "distribution": "additive"}, "site 'hold_cell' takes distribution bernoulli, got 'additive'"),
        ({"site": "input", "distribution": "gaussian", "scale": "test"}, "takes no scale with this distribution, got 'test'"),
        ({"site": "recurrent", "sharing": "rows"}, "site 'recurrent' takes sharing element, got 'rows'"),
    ],
)
def test_what_makes_no_sense_at_a_site_is_refused(coordinates, message):
    with pytest.raises(ValueError, match=message):
        Noise(rate=0.5, **coordinates)


@pytest.mark.parametrize(
    ("settings", "argument", "states", "message"),
    [
        ([noise("recurrent")], "dropout", None, "noise at site 'recurrent' belongs to recurrent_dropout, not to dropout"),
        ([noise("word")], "dropout", None, "noise at site 'word' belongs to embedding, not to dropout"),
        ([noise("input"), noise("input", "step")], "dropout", None, "two noises act on site 'input'; give one"),
        (
            [noise("cell")],
            "recurrent_dropout",
            ("hidden",),
            "noise at site 'cell' needs a cell state; this cell's states: hidden",
        ),
        ([noise("hold_cell")], "recurrent_dropout", ("hidden",), "'hold_cell' needs a cell state; this cell's states: hidden"),
    ],
)
def test_noises_that_do_not_fit_argument_cell_or_each_other_are_refused(settings, argument, states, message):
    with pytest.raises(ValueError, match=message):
        check_sites(settings, argument, states)


def test_noises_that_fit_come_back_in_order():
    values = (noise("recurrent"), noise("hold_cell"), noise("cell"))
    assert check_sites(iter(values), "recurrent_dropout", ("hidden", "cell")) == values


def test_a_numpy_rate_is_a_number_like_any_other():
    assert noises(np.float64(0.5), "dropout") == noises(0.5, "dropout")


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ([], "takes the mask of 'hold_cell': give that one, alike in all else"),
        ([Noise(site="hold_cell", rate=0.5)], "takes the mask of 'hold_cell': give that one, alike in all else"),
        ([Noise(site="hold_cell", rate=0.25, sharing="units")], "alike in all else"),
    ],
)
def test_a_mask_is_shared_by_what_is_alike(others, message):
    with pytest.raises(ValueError, match=message):
        check_sites([*others, Noise(site="hold_hidden", rate=0.25, like="hold_cell")], "recurrent_dropout")


def test_ranges_differ_where_a_number_means_something_else():
    assert Noise(site="detach", rate=1.0).rate == 1
    assert Noise(site="kernel", distribution="additive", rate=1.5).rate == 1.5
    with pytest.raises(ValueError, match=r"must be a number in \[0, 1\], got 1.01"):
        Noise(site="detach", rate=1.01)
    with pytest.raises(ValueError, match=r"a standard deviation must be a number from 0 up, got -0.1"):
        Noise(site="kernel", distribution="additive", rate=-0.1)
