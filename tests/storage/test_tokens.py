"""A run keeps what it needs to encode and decode, sealed."""

import pytest

from rnnlab.data.build_dataset import build
from rnnlab.data.data_config import Adding, PythonReference, SplitSizes
from rnnlab.errors import UserError
from rnnlab.storage import store, tokenizer_file


@pytest.mark.parametrize(
    "config",
    [
        PythonReference(name="python_reference", vocabulary=50, limit_tokens=2000),
        Adding(name="adding", examples=SplitSizes(train=5, validation=5, test=5)),
    ],
    ids=lambda config: config.name,
)
def test_task_and_codec_come_back(tmp_path, config):
    data = build(config)
    tokenizer_file.write(tmp_path, data)
    assert tokenizer_file.read(tmp_path) == (data.task, data.codec)


def test_what_is_missing_or_damaged_is_told(tmp_path):
    with pytest.raises(UserError, match=r"has no tokens\.json"):
        tokenizer_file.read(tmp_path)
    tokenizer_file.write(tmp_path, build(PythonReference(name="python_reference", vocabulary=50, limit_tokens=2000)))
    path = tmp_path / store.TOKENS
    path.write_text(path.read_text().replace("<eos>", "<EOS>", 1))
    with pytest.raises(UserError, match=r"tokens\.json is damaged .*rnnlab run repairs it"):
        tokenizer_file.read(tmp_path)
    store.clear(tmp_path)
    assert not path.exists()
