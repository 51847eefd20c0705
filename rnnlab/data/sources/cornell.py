"""The Cornell film reviews with their ratings, cut into chunks as in Gal's experiment (arXiv 1512.05287, section 5.2)."""

from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np

from rnnlab.data.sources.downloads import folder_of
from rnnlab.data.sources.reading import Reading, Row, lines
from rnnlab.data.sources.source_config import Count, Fraction, Lengths, TokenSource
from rnnlab.data.tokenizer import Scale
from rnnlab.errors import UserError
from rnnlab.seeds import derive

AUTHORS = ("Dennis+Schwartz", "James+Berardinelli", "Scott+Renshaw", "Steve+Rhodes")
REVIEWS = 5006
URL = "http://www.cs.cornell.edu/people/pabo/movie-review-data/scale_data.tar.gz"
FILES = {f"{kind} {author}": f"{kind}.{author}" for author in AUTHORS for kind in ("subj", "rating")}


class Cornell(TokenSource):
    """The rating of a film from a chunk of its review: Pang & Lee's scale data with standardised ratings."""

    name: Literal["cornell"]
    """The name of the data set."""
    level: Literal["blank", "subword"] = "blank"
    """The unit of a token; the reviews are tokenised already."""
    chunk: Count = 200
    """Tokens per chunk; each chunk has the rating of its review."""
    validation: Fraction = 0.1
    """The fraction of the reviews that selects the best epoch."""
    test: Fraction = 0.2
    """The fraction of the reviews for the final score; all chunks of a review are in the same split."""
    split_seed: int = 0
    """The seed that decides which reviews are held out."""
    folder: str | None = None
    """The folder or archive of the files; null uses the files given to `rnnlab data prepare cornell --from FOLDER`."""
    lengths: Lengths = Lengths()
    """How long chunks are cut."""

    @property
    def tokens(self) -> bool:
        """Reviews are read as tokens."""
        return True

    @property
    def task(self) -> str:
        """The kind of task: a key of `rnnlab.data.task.KINDS`."""
        return "regression"


class Review(NamedTuple):
    """A review as it was read."""

    words: list[str]
    rating: float
    place: str


def read(config: Cornell) -> Reading:
    """Return the chunks of each split; ratings have mean 0 and standard deviation 1 over the training chunks."""
    reviews = _reviews(config)
    order = np.random.default_rng(derive(config.split_seed, "cornell")).permutation(len(reviews))
    sizes = [round(len(reviews) * part) for part in (config.test, config.validation)]
    bounds = [0, sizes[0], sum(sizes), len(reviews)]
    parts = [[reviews[place] for place in order[begin:end]] for begin, end in pairwise(bounds)]
    splits = dict(zip(("test", "validation", "train"), parts, strict=True))
    ratings = [review.rating for review in splits["train"] for _ in range(0, len(review.words), config.chunk)]
    mean, deviation = float(np.mean(ratings)), float(np.std(ratings))
    return Reading(
        {name: partial(_pieces, part, config.chunk, mean, deviation) for name, part in splits.items()},
        {
            "licence": "none stated; for research",
            "citation": "Pang & Lee 2005, Proceedings of ACL, pages 115-124",
            "url": URL,
        },
        Scale((mean,), (deviation,)),
    )


def _reviews(config: Cornell) -> list[Review]:
    paths = folder_of(config.name, config.folder, FILES, URL)
    reviews = []
    for author in AUTHORS:
        texts, ratings = (list(lines(paths[f"{kind} {author}"], "latin-1")) for kind in ("subj", "rating"))
        if len(texts) != len(ratings):
            raise UserError(f"{author} has {len(texts)} reviews and {len(ratings)} ratings")
        place = paths[f"subj {author}"]
        for (number, text), (_, rating) in zip(texts, ratings, strict=True):
            reviews.append(Review(text.split(), float(rating), f"{place}:{number}"))
    if len(reviews) != REVIEWS:
        raise UserError(f"these are not the scale data v1.0: {len(reviews)} reviews, not {REVIEWS}")
    return reviews


def _pieces(reviews: list[Review], chunk: int, mean: float, deviation: float) -> Iterator[Row]:
    for words, rating, place in reviews:
        for begin in range(0, len(words), chunk):
            yield Row(words[begin : begin + chunk], (rating - mean) / deviation, place)
