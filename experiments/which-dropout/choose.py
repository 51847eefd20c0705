"""The settings that a search has chosen: python experiments/which-dropout/choose.py jsb-lstm

Print the variants of the study and the table of the search. Of each scheme's settings in rates-jsb-lstm.yaml, the study takes
the one with the best validation metric in rates-jsb-lstm.json, the comparison of that search.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

from rnnlab.comparison import json_file
from rnnlab.config import load

FOLDER = Path(__file__).parent


def tried(name: str) -> dict[str, dict[str, float]]:
    """Return the validation metric of every setting, by scheme and variant, the best setting first."""
    record = json_file.read(FOLDER / f"rates-{name}.json")
    schemes: dict[str, dict[str, float]] = {}
    for variant, one in record.variants.items():
        schemes.setdefault(variant.partition("-")[0], {})[variant] = float(one.validation.mean or "nan")
    sign = 1 if record.mode == "min" else -1
    return {scheme: dict(sorted(of.items(), key=lambda pair: sign * pair[1])) for scheme, of in schemes.items()}


def chosen(name: str) -> dict[str, Any]:
    """Return the patch of each scheme's best setting."""
    patches = load(FOLDER / f"rates-{name}.yaml").document["compare"]["variants"]
    return {scheme: patches[next(iter(settings))] for scheme, settings in tried(name).items()}


def table(name: str) -> str:
    """Return the table of a search, with the settings as in the names of their variants."""
    lines = ["| scheme | validation metric by setting, the best and chosen one first |\n", "| --- | --- |\n"]
    for scheme, settings in tried(name).items():
        cells = [f"{variant.partition('-')[2] or 'none'}: {value:.3f}" for variant, value in settings.items()]
        lines.append(f"| {scheme} | {', '.join(cells)} |\n")
    return "".join(lines)


if __name__ == "__main__":
    for scheme, patch in chosen(sys.argv[1]).items():
        print(f"    {scheme}: {yaml.safe_dump(patch, default_flow_style=True, width=200).strip()}")
    print(table(sys.argv[1]))
