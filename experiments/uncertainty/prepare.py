"""Write the reviews of this study as JSON Lines: python experiments/uncertainty/prepare.py IMDB CORNELL TO

IMDB is the archive of aclImdb, CORNELL a folder with the files subj.AUTHOR and rating.AUTHOR of the scale data v1.0. Only
reviews of at least LENGTH words are used, so that no example needs padding; the hashes of their names select them. A Cornell
rating of 0.4 or less is neg and one of 0.7 or more pos, as in the authors' own classes; ratings in between are left out.
"""

import argparse
import json
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

LENGTH = 100
SIZES = {"train": 2000, "validation": 500, "imdb": 1000, "cornell": 1000}
"""The number of reviews of each split, half of them pos."""

Reviews = dict[str, list[tuple[str, str]]]
"""The names and texts of reviews, by label."""


def ordered(reviews: Iterator[tuple[str, str, str]]) -> Reviews:
    """Return the reviews (label, name, text) that are long enough, in the order of the hashes of their names."""
    kept = sorted((one for one in reviews if len(one[2].split()) >= LENGTH), key=lambda one: sha256(one[1].encode()).digest())
    return {label: [one[1:] for one in kept if one[0] == label] for label in ("neg", "pos")}


def of_imdb(archive: Path, split: str) -> Iterator[tuple[str, str, str]]:
    """Yield label, name and text of every review of a split."""
    with tarfile.open(archive) as tar:
        for member in tar:
            _, part, label, name = member.name.split("/") if member.name.count("/") == 3 else [""] * 4
            if member.isfile() and part == split and label in ("neg", "pos") and (file := tar.extractfile(member)):
                yield label, f"{label}/{name}", file.read().decode().replace("<br />", " ")


def of_cornell(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield label, place and text of every review that is clearly positive or negative."""
    for file in sorted(folder.rglob("subj.*")):
        texts, ratings = (path.read_text("latin-1").splitlines() for path in (file, file.with_name(f"rating{file.suffix}")))
        for number, (text, rating) in enumerate(zip(texts, ratings, strict=True)):
            if float(rating) <= 0.4 or float(rating) >= 0.7:
                yield "neg" if float(rating) <= 0.4 else "pos", f"{file.name}:{number}", text


def write(to: Path, name: str, reviews: Reviews, begin: int = 0) -> None:
    """Write the file of a split, half of the reviews of each label."""
    half = SIZES[name] // 2
    rows = [(label, text) for label, of in reviews.items() for _, text in of[begin : begin + half]]
    if len(rows) != SIZES[name]:
        raise SystemExit(f"{name} should have {SIZES[name]} reviews, there are {len(rows)}")
    (to / f"{name}.jsonl").write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for label, text in rows))


def main() -> None:
    """Write all four files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("imdb", "cornell", "to"):
        parser.add_argument(name, type=Path)
    found = parser.parse_args()
    found.to.mkdir(parents=True, exist_ok=True)
    train = ordered(of_imdb(found.imdb, "train"))
    write(found.to, "train", train)
    write(found.to, "validation", train, begin=SIZES["train"] // 2)
    write(found.to, "imdb", ordered(of_imdb(found.imdb, "test")))
    write(found.to, "cornell", ordered(of_cornell(found.cornell)))


if __name__ == "__main__":
    main()
