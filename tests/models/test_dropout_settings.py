"""Dropout settings of a config: read once, equal where they stand for the same noise, written as they were spelt."""

from itertools import combinations
from typing import Any

import pytest

from rnnlab.data.task import Task
from rnnlab.models.build_model import build
from rnnlab.models.model_config import ModelConfig
from rnnlab.noise import schemes

TASK = Task("language_model", (2, 5), 7, "words", vocabulary=7)
SPELLINGS: dict[str, list[Any]] = {
    "nothing": [0, 0.0, [], {"scheme": "none"}, {"scheme": "variational", "rate": 0}],
    "variational": [
        0.5,
        {"scheme": "variational", "rate": 0.5},
        {"scheme": "variational", "rate": 0.5, "tied": True},
        [{"site": "recurrent", "rate": 0.5, "lifetime": "sequence"}],
    ],
    "zoneout": [
        {"scheme": "zoneout", "cell": 0.5, "hidden": 0.05},
        [{"site": "hold_hidden", "rate": 0.05}, {"site": "hold_cell", "rate": 0.5}],
    ],
    "other zoneout": [{"scheme": "zoneout", "cell": 0.5, "hidden": 0.5}],
}


def config(setting: Any) -> ModelConfig:
    return ModelConfig.model_validate({"embedding": {"width": 3}, "recurrent": [{"units": 4, "recurrent_dropout": setting}]})


@pytest.mark.parametrize("name", SPELLINGS)
def test_spellings_of_one_setting_are_one_section(name: str) -> None:
    configs = [config(spelling) for spelling in SPELLINGS[name]]
    assert all(one == other for one, other in combinations(configs, 2))
    assert len({hash(one) for one in configs}) == 1
    others = [config(spelling) for other, spellings in SPELLINGS.items() if other != name for spelling in spellings]
    assert not any(one == other for one in configs for other in others)


def test_a_setting_is_written_as_it_was_spelt_and_read_back() -> None:
    for spelling in (spelling for spellings in SPELLINGS.values() for spelling in spellings):
        one = config(spelling)
        written = one.model_dump()
        assert written["recurrent"][0]["recurrent_dropout"] == spelling
        assert ModelConfig.model_validate(written) == one


def test_a_setting_is_read_once_from_config_to_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    read, known = [], schemes._values
    one = config({"scheme": "zoneout", "cell": 0.5, "hidden": 0.05})
    monkeypatch.setattr(schemes, "_values", lambda setting, argument: read.append(setting) or known(setting, argument))
    layer = build(one, TASK, 1).get_layer("recurrent_0")
    assert {site: noise.rate for site, noise in layer.noise.items()} == {"hold_cell": 0.5, "hold_hidden": 0.05}
    assert layer.recurrent_dropout == {"scheme": "zoneout", "cell": 0.5, "hidden": 0.05}
    assert not [setting for setting in read if setting != 0.0], "only the layer's own default is read anew"
