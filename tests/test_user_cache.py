"""What is remembered in the user's cache folder is never needed, and never wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rnnlab import user_cache
from rnnlab.sweep import makers


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "rnnlab" / "code.json"


def never() -> str:
    raise AssertionError("it is remembered")


def test_what_was_found_is_found_once(file: Path) -> None:
    assert user_cache.remembered("code", "a", lambda: "1") == "1"
    assert user_cache.remembered("code", "b", lambda: "2") == "2"
    assert (user_cache.remembered("code", "a", never), user_cache.remembered("code", "b", never)) == ("1", "2")
    assert [path.name for path in file.parent.iterdir()] == ["code.json"]


def test_the_latest_keys_are_remembered(file: Path) -> None:
    for number in range(user_cache.MOST + 2):
        user_cache.remembered("code", f"key {number}", lambda number=number: f"value {number}")  # type: ignore[misc]
    assert user_cache.remembered("code", "key 2", never) == "value 2"
    assert user_cache.remembered("code", "key 1", lambda: "found anew") == "found anew"


def damaged(file: Path) -> None:
    file.write_text(file.read_text().replace("first", "wrong"))


def torn(file: Path) -> None:
    file.write_bytes(b'{"a": "fir\xff')


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("spoil", [damaged, torn, Path.unlink, a_folder], ids=lambda spoil: spoil.__name__)
def test_what_cannot_be_read_is_found_anew(spoil: Callable[[Path], None], file: Path) -> None:
    assert user_cache.remembered("code", "a", lambda: "first") == "first"
    spoil(file)
    assert user_cache.remembered("code", "a", lambda: "again") == "again"


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert user_cache.remembered("code", "a", lambda: "1") == "1"


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert user_cache.folder() is None
    assert user_cache.remembered("code", "a", lambda: "1") == "1"


def test_the_fingerprint_of_the_code_is_remembered_for_the_texts_of_the_package(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = makers.code.__wrapped__()
    assert file.is_file()
    with monkeypatch.context() as patch:
        patch.setattr(makers.source, "fingerprint", lambda files: never())
        assert makers.code.__wrapped__() == found
    monkeypatch.setattr(makers.source, "texts", lambda: "other texts")
    monkeypatch.setattr(makers.source, "fingerprint", lambda files: "other code")
    assert makers.code.__wrapped__() == "other code"
