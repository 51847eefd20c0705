"""TensorBoard itself serves a real sweep: its data, and in headless Chromium the tabs; skipped where there is none."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import numpy as np
import pytest
from click.testing import CliRunner

from rnnlab.cli import main
from rnnlab.statistics.intervals import mean_interval
from rnnlab.storage import store

pytestmark = pytest.mark.process

SMALL = ["data.limit_tokens=1500", "data.vocabulary=50", "training.epochs=2", "compare.seeds=2"]
TINY = [
    "model.embedding.width=4",
    "model.recurrent.0.units=4",
    "compare.variants.per_step=null",
    "compare.variants.zoneout=null",
]


@pytest.fixture(scope="module")
def folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quickstart, made small; one of its variants diverges."""
    runs = tmp_path_factory.mktemp("runs")
    burst = "compare.variants.burst={training.optimizer: {name: sgd, learning_rate: 1.0e+38, clip_norm: null}}"
    config = root / "configs" / "quickstart.yaml"
    done = CliRunner().invoke(main, ["run", str(config), *SMALL, *TINY, burst, "--runs", str(runs)])
    assert "Curves: rnnlab tensorboard" in done.output, done.output
    return runs / "quickstart"


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Where `rnnlab tensorboard` serves it."""
    with served(folder) as address:
        yield address


@contextmanager
def served(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "rnnlab", "tensorboard", str(folder), "--", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    server = subprocess.Popen(command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert server.stdout
        line = next(line for line in server.stdout if "http://127.0.0.1:" in line)
        yield next(word for word in line.split() if word.startswith("http")).rstrip("/")
    finally:
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def ask(address: str) -> Callable[..., Any]:
    """Answers of its data endpoints, once all runs are loaded."""
    from selenium.webdriver.support.wait import WebDriverWait

    def asked(path: str, body: Any = None, **query: str) -> Any:
        address_ = f"{address}/data/{path}?{urlencode(query)}"
        content = None if body is None else json.dumps(body).encode()
        with urlopen(Request(address_, content, {"Content-Type": "application/json"}), timeout=30) as answer:
            return json.load(answer)

    WebDriverWait(None, 60).until(lambda _: "(answer)" in asked("runs") and "(mean) burst" in asked("runs"))
    return asked


def test_hparams_have_the_settings_and_the_metrics(ask: Callable[..., Any], folder: Path) -> None:
    every = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]
    wanted = {"allowedStatuses": every, "colParams": [], "startIndex": 0, "sliceSize": 100}
    groups = {one["name"]: one for one in ask("plugin/hparams/session_groups", wanted)["sessionGroups"]}
    assert set(groups) == {f"quickstart/{name}" for name in ("none", "variational", "builtin", "burst")}
    shown = groups["quickstart/variational"]["hparams"]
    expected = {"implementation": "auto", "recurrent_dropout.scheme": "variational"}
    expected |= {"recurrent_dropout.site": "recurrent", "recurrent_dropout.lifetime": "sequence", "recurrent_dropout.rate": 0.2}
    columns = ask("plugin/hparams/experiment", {})
    names = [one["name"] for one in columns["hparamInfos"]]
    assert "cell" not in names, "what all variants share is no column"
    assert names.index("recurrent_dropout.rate") < names.index("dropout.lifetime"), "schemes and rates stand first"
    assert columns["metricInfos"][0]["displayName"] == "test perplexity"
    assert shown.items() >= expected.items()
    assert groups["quickstart/burst"]["hparams"]["training.optimizer.learning_rate"] == 1e38
    for name, group in groups.items():
        ended = "STATUS_FAILURE" if name == "quickstart/burst" else "STATUS_SUCCESS"
        assert [session["status"] for session in group["sessions"]] == [ended] * 2
    results = [json.loads((folder / "none" / f"seed-{seed}" / "result.json").read_text()) for seed in (1, 2)]
    mean = sum(result["metrics"]["test_perplexity"] for result in results) / 2
    metrics = {one["name"]["tag"]: one["value"] for one in groups["quickstart/none"]["metricValues"]}
    assert metrics["result/test_perplexity"] == pytest.approx(mean, rel=1e-6)


def test_custom_scalars_have_the_band_of_every_metric(ask: Callable[..., Any], folder: Path) -> None:
    sections = ask("plugin/custom_scalars/layout")["category"]
    charts = [chart for section in sections for chart in section["chart"]]
    (series,) = next(one["margin"]["series"] for one in charts if one["title"].startswith("validation/perplexity"))
    curves = [store.read_run(folder / "none" / f"seed-{seed}").epochs for seed in (1, 2)]
    values = np.array([[epoch.validation["perplexity"] for epoch in curve] for curve in curves])
    estimates = [mean_interval(column) for column in values.T]
    expected = {"value": "mean", "lower": "low", "upper": "high"}
    for end, field in expected.items():
        points = ask("plugin/scalars/scalars", run="(mean) none", tag=series[end])
        assert [value for _, _, value in points] == pytest.approx([getattr(one, field) for one in estimates], rel=1e-5)
    tags = ask("plugin/scalars/tags")["none/seed 1"]
    names = set(ask("runs"))
    assert names == {"(answer)"} | {
        name
        for one in ("none", "variational", "builtin", "burst")
        for name in (f"(mean) {one}", f"{one}/seed 1", f"{one}/seed 2")
    }
    assert {"train/loss", "gradient_norm", "update_norm", "learning_rate", "throughput"} <= set(tags)


def test_histograms_images_and_texts_are_served(ask: Callable[..., Any]) -> None:
    for variant in ("none", "builtin"):
        run = f"{variant}/seed 1"
        assert "gates/recurrent_0/forget" in ask("plugin/histograms/tags")[run]
        assert "gate_maps/recurrent_0/forget" in ask("plugin/images/tags")[run]
        buckets = ask("plugin/histograms/histograms", run=run, tag="gates/recurrent_0/forget")
        assert [step for _, step, _ in buckets] == [0, 1]
        pictures = ask("plugin/images/images", run=run, tag="gate_maps/recurrent_0/forget", sample="0")
        assert [picture["step"] for picture in pictures] == [0, 1]
    (config,) = ask("plugin/text/text", run="none/seed 1", tag="config")
    assert "name: quickstart" in config["text"]
    (error,) = ask("plugin/text/text", run="burst/seed 1", tag="error")
    assert "diverged: the loss became" in error["text"]
    (answer,) = ask("plugin/text/text", run="(answer)", tag="answer")
    assert "variational" in answer["text"]


INSIDE = """
const elements = [], walk = (root) => root.querySelectorAll("*").forEach((one) => {
  elements.push(one); if (one.shadowRoot) walk(one.shadowRoot); });
walk(document);
const seen = elements.filter((one) => one.getClientRects().length);
return {text: seen.flatMap((one) => [...one.childNodes].filter((part) => part.nodeType === 3)
          .map((part) => part.textContent.trim())).filter(Boolean).join("\\n"),
        lines: seen.filter((one) => one.matches("path") && (one.getAttribute("d") || "").length > 20).length,
        pictures: seen.filter((one) => one.tagName === "IMG" && one.naturalWidth > 100).length};
"""
TABS = {
    "scalars&regexInput=seed 1$": ("validation", lambda page: page["lines"] > 3),
    "custom_scalars&regexInput=mean": ("validation/perplexity, mean over seeds", lambda page: "(mean) none" in page["text"]),
    "hparams": ("recurrent_dropout.scheme", lambda page: "quickstart/variatio" in page["text"]),
    "histograms&regexInput=none/seed 1$": ("gates", lambda page: page["lines"] > 3),
    "images&regexInput=builtin/seed 1$": ("gate_maps/recurrent_0", lambda page: page["pictures"] > 0),
    "text": ("answer", lambda page: "Exploratory" in page["text"]),
}


@pytest.mark.parametrize("tab", TABS)
def test_tabs_show_the_data(tab: str, address: str, ask: Callable[..., Any], chromium: Any) -> None:
    from selenium.webdriver.support.wait import WebDriverWait

    words, drawn = TABS[tab]
    chromium.get("about:blank")
    chromium.set_window_size(1500, 1000)
    chromium.get(f"{address}/#{tab}")

    def there(browser: Any) -> bool:
        page = browser.execute_script(INSIDE)
        return words in page["text"] and drawn(page)

    WebDriverWait(chromium, 60).until(there, f"{tab}: {words}")


def test_where_more_runs_match_than_are_ticked_the_named_pattern_fills_the_tab(tmp_path: Path, chromium: Any) -> None:
    from matplotlib.image import imsave
    from selenium.webdriver.support.wait import WebDriverWait

    from rnnlab.tensorboard import append, image

    picture = io.BytesIO()
    imsave(picture, np.random.default_rng(1).random((120, 120)), format="png")
    for place in (f"v{variant}/seed-{seed}/tensorboard" for variant in range(9) for seed in range(1, 6)):
        append(tmp_path / place, 1, [image("gate_maps/forget", picture.getvalue())])

    def page(browser: Any) -> Any:
        return browser.execute_script(INSIDE)

    with served(tmp_path) as address:
        chromium.get(f"{address}/#images")
        WebDriverWait(chromium, 60).until(lambda browser: "v8/seed 5" in page(browser)["text"])
        assert page(chromium)["pictures"] == 0, "TensorBoard ticks none of 45"
        chromium.get("about:blank")
        chromium.get(f"{address}/#images&regexInput=seed.1$")
        WebDriverWait(chromium, 60).until(lambda browser: page(browser)["pictures"] == 9)
