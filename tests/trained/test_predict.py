"""`rnnlab predict` on tiny trained runs of every task that reads text, their data gone."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

from rnnlab.cli import main
from rnnlab.data.tokenizer import Codec
from rnnlab.errors import UserError
from rnnlab.inspection.scores import softmax
from rnnlab.storage import store
from rnnlab.storage.evaluation_files import read_calibration
from rnnlab.trained.generate import generate
from rnnlab.trained.loading import ended, trained
from rnnlab.trained.predictor import predictor


def call(*arguments: object, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["predict", *map(str, arguments)], input=given)


def answers(*arguments: object, given: str | None = None) -> list[dict[str, Any]]:
    done = call(*arguments, "--json", given=given)
    assert done.exit_code == 0, done.output
    return list(json.loads(done.stdout))


def test_labels_have_probabilities_and_a_spread(made: dict[str, Path]) -> None:
    (answer,) = answers(made["labels"], "--text", "a good zebra", "--samples", 30)
    assert {row["name"] for row in answer["labels"]} == {"neg", "pos"}
    assert sum(row["probability"] for row in answer["labels"]) == pytest.approx(1)
    assert answer["labels"][0]["probability"] >= 0.5
    assert all(row["deviation"] > 0 for row in answer["labels"])
    assert answer["unknown"] == ["zebra"]
    assert 0 < answer["mutual_information"] < answer["entropy"] <= np.log(2)
    again, other = (answers(made["labels"], "--text", "a good zebra", "--samples", 30, "--seed", n) for n in (1, 2))
    assert again == [answer] != other
    text = call(made["labels"], "--text", "a good zebra").stdout
    assert "read as <unk>: zebra" in text
    assert " ± 0." in text
    assert "±" not in call(made["labels"], "--text", "a good film", "--samples", 0).stdout


def test_the_usual_prediction_is_that_of_the_trained_model(made: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made["labels"].parents[3])
    monkeypatch.setenv("RNNLAB_DATA", str(made["labels"].parents[3] / "again"))
    model, dataset, _ = trained(made["labels"])
    batch = next(dataset.test.batches(0, 0))
    expected = softmax(np.asarray(model(batch.x)))
    for row, x, weight in zip(expected, batch.x, batch.sample_weight, strict=True):
        if weight:
            answer = predictor(made["labels"])(dataset.codec.decode(x), samples=0)
            probabilities = {one["name"]: one["probability"] for one in answer["labels"]}
            assert [probabilities[name] for name in dataset.codec.labels] == pytest.approx(row.tolist(), abs=1e-5)
            break


def test_every_token_has_its_tag(made: dict[str, Path]) -> None:
    (answer,) = answers(made["tags"], "--text", "the dog")
    assert [row["token"] for row in answer["tags"]] == ["the", "dog"]
    assert {row["name"] for row in answer["tags"]} <= {"DET", "NOUN"}
    assert len(call(made["tags"], "--text", "the dog").stdout.splitlines()) == 3


def test_a_number_has_its_interval_with_the_noise_found_on_validation(made: dict[str, Path]) -> None:
    (answer,) = answers(made["rating"], "--text", "a good film")
    (row,) = answer["values"]
    kept = read_calibration(made["rating"])
    assert kept is not None
    spread = np.sqrt(row["deviation"] ** 2 + 1 / kept["mc"]["noise_precision"][0])
    assert [row["low"], row["high"]] == pytest.approx([row["value"] - 1.959964 * spread, row["value"] + 1.959964 * spread])
    assert "95% interval" in call(made["rating"], "--text", "a good film").stdout


def test_a_language_model_tells_what_follows_from_the_whole_text(made: dict[str, Path]) -> None:
    (answer,) = answers(made["words"], "--text", "a good film , it", "--top", 3)
    assert len(answer["next"]) == 3
    assert answer["next"][0]["deviation"] > 0
    assert answer["perplexity"] > 1
    model = predictor(made["words"])
    x = model.codec.encode(["<eos>", *["a", "good", "film", ",", "it"]])[None]
    for layer in model.model.layers:
        if hasattr(layer, "reset_state"):
            layer.reset_state()
    expected = softmax(np.asarray(model.model(x)))[0, -1]
    (usual,) = answers(made["words"], "--text", "a good film , it", "--samples", 0, "--top", 1)
    assert usual["next"][0]["probability"] == pytest.approx(expected.max(), rel=1e-4)


def test_it_writes_on_and_a_seed_writes_the_same(made: dict[str, Path]) -> None:
    model = predictor(made["words"])

    def text(temperature: float, seed: int = 1) -> str:
        return generate(model, "a good", 12, temperature, seed)

    (answer,) = answers(made["words"], "--text", "a good", "--generate", 12, "--temperature", 0.8)
    assert answer["text"] == text(0.8) != text(0.8, seed=2)
    assert text(0) == text(0, seed=2) == text(1e-6)
    assert text(0).startswith("a good")
    assert "<unk>" not in text(10)


def test_a_text_on_every_line(made: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "texts").write_text("a good film\r\na bad film\n")
    predictions = answers(made["labels"], "--file", tmp_path / "texts", "--text", "dull")
    assert [answer["text"] for answer in predictions] == ["dull", "a good film", "a bad film"]
    (alone,) = answers(made["labels"], "--file", "-", given="a good film\n")
    for one, among in zip(alone["labels"], predictions[1]["labels"], strict=True):
        assert one["name"] == among["name"]
        for number in ("probability", "deviation"):  # a processor may round products of one row otherwise than those of three
            assert one[number] == pytest.approx(among[number], abs=1e-6)


def test_a_file_of_lines_is_decoded_as_it_begins_or_as_the_data_of_the_run(made: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "texts.txt"
    path.write_bytes("größer\nfilm\n".encode("utf-16"))
    assert [answer["text"] for answer in answers(made["labels"], "--file", path)] == ["größer", "film"]
    old = tmp_path / "old" / "seed-1"
    shutil.copytree(made["labels"], old)
    document = yaml.safe_load((old / store.RUN).read_text())
    document["config"]["data"]["encoding"] = "latin-1"
    (old / store.RUN).write_text(yaml.safe_dump(document))
    result = store.read_run(old).result
    assert result
    store.write_result(old, replace(result, **store.digests(old)))
    path.write_bytes("größer\n".encode("latin-1"))
    assert [answer["text"] for answer in answers(old, "--file", path)] == ["größer"]


def changed(run: Path, folder: Path, **result: Any) -> Path:
    """A copy of a run whose result says something else, its other files taken as they are."""
    shutil.copytree(run, folder / "noisy" / "seed-1")
    store.write_result(folder / "noisy" / "seed-1", replace(ended(run).result, **result))
    return folder / "noisy" / "seed-1"


def test_a_split_without_its_file_is_told(made: dict[str, Path]) -> None:
    films = made["labels"].parents[3] / "films.csv"
    films.rename(films.with_suffix(".away"))
    try:
        done = call(made["labels"], "--split", "test")
    finally:
        films.with_suffix(".away").rename(films)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "there is no file 'films.csv'" in done.stderr


def test_what_cannot_be_predicted_is_told(made: dict[str, Path], tmp_path: Path) -> None:
    unfinished = changed(made["labels"], tmp_path / "unfinished")
    (unfinished / store.RESULT).unlink()
    diverged = changed(made["labels"], tmp_path / "diverged", status="diverged", error="the loss became nan in epoch 1, step 2")
    for arguments, message in [
        ((made["labels"],), "there is nothing to predict from: give --text, --file, or --split test"),
        ((made["labels"], "--text", "a", "--output", tmp_path / "a.txt"), "should end in .csv, .jsonl, .parquet"),
        ((made["labels"], "--text", "a", "--generate", 3), "only a language model writes; this run is one of sequence class"),
        ((tmp_path, "--text", "a"), "is not the folder of a run"),
        ((unfinished, "--text", "a"), "has not ended"),
        ((diverged, "--text", "a"), "has diverged: the loss became nan in epoch 1, step 2"),
    ]:
        done = call(*arguments)
        assert (done.exit_code, done.stdout) == (2, "")
        assert message in done.stderr
    with pytest.raises(UserError, match="reads no text: its data, table, have no words"):
        replace(predictor(made["labels"]), codec=Codec())("a")
    assert not list(tmp_path.glob("a.*"))
