"""Numbers as text: as many digits as their spread supports, the same everywhere they are printed."""

import re
from math import floor, isfinite, log10

from rnnlab.statistics.intervals import Estimate


def decimals(spread: float | None) -> int:
    """Return the digits after the point that show two significant digits of `spread`; 2 where there is none.

    >>> decimals(1.84), decimals(0.0123), decimals(250.0), decimals(None)
    (1, 3, 0, 2)
    """
    return _digits(spread, 2) if spread and isfinite(spread) else 2


def places(value: float | None, spread: float | None) -> int:
    """Return the digits after the point for a value with such a spread; four significant digits where none is known.

    >>> places(143.217, 1.84), places(143.217, None), places(0.85312, None)
    (1, 1, 4)
    """
    return decimals(spread) if spread or not value else _digits(value, 4)


def _digits(value: float, significant: int) -> int:
    """The digits after the point that show this many significant digits of a value."""
    return min(max(significant - 1 - floor(log10(abs(value))), 0), 9)


def fixed(value: float | None, places: int, plus: bool = False) -> str:
    """Return `value` with `places` digits, a dash where there is none; `plus` writes the sign of positive values too.

    >>> fixed(-0.001, 2), fixed(None, 2), fixed(1.25, 1, plus=True), fixed(12345.6, 0)
    ('0.00', '-', '+1.2', '12,346')
    """
    if value is None:
        return "-"
    return f"{round(value, places) + 0.0:{'+' if plus else ''},.{places}f}"


def with_interval(estimate: Estimate, plus: bool = False) -> str:
    """Return "mean [low, high]" with two significant digits of the interval's half width; the mean alone where it has none.

    >>> with_interval(Estimate(8, -5.171, 1.2, -6.254, -4.088), plus=True)
    '-5.2 [-6.3, -4.1]'
    """
    if estimate.low is None or estimate.high is None:
        return fixed(estimate.mean, places(estimate.mean, None), plus)
    digits = places(estimate.mean, (estimate.high - estimate.low) / 2)
    return f"{fixed(estimate.mean, digits, plus)} [{fixed(estimate.low, digits)}, {fixed(estimate.high, digits)}]"


def minus(text: str, sign: str = "\N{MINUS SIGN}") -> str:
    """Return `text` with minus signs instead of hyphens before numbers.

    >>> minus("-5.2 [-6.3, -4.1] on seed-1 of 2-layer", sign="$-$")
    '$-$5.2 [$-$6.3, $-$4.1] on seed-1 of 2-layer'
    """
    return re.sub(r"(?<![\w.)])-(?=\d)", lambda _: sign, text)


def typeset(text: str) -> str:
    """Return `text` with minus signs, and without line breaks inside intervals, before % and around =."""
    whole = re.sub(r"\[[^]]*\]|\S+ (?=%)|\w = \S", lambda match: match.group().replace(" ", "\N{NO-BREAK SPACE}"), text)
    return minus(whole)


def p_value(p: float) -> str:
    """Return "p = 0.031" or "p < 0.001".

    >>> p_value(0.03125), p_value(0.00012)
    ('p = 0.031', 'p < 0.001')
    """
    text = bare_p(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def bare_p(p: float) -> str:
    """Return a p-value with two significant digits.

    >>> bare_p(0.03125), bare_p(0.00012), bare_p(1.0)
    ('0.031', '< 0.001', '1')
    """
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def scientific(value: float) -> str:
    """Return a value with few digits, where it is very small or large as a power of ten.

    >>> scientific(0.01), scientific(2e-05), scientific(1e-17), scientific(1e7)
    ('0.01', '2·10⁻⁵', '10⁻¹⁷', '10⁷')
    """
    mantissa, _, power = f"{value:g}".partition("e")
    raised = f"10{str(int(power)).translate(_RAISED)}" if power else ""
    return raised if power and mantissa == "1" else "·".join(filter(None, (mantissa, raised)))


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def count(n: int, thing: str) -> str:
    """Return "1 seed", "3 seeds".

    >>> count(1, "seed"), count(3, "seed")
    ('1 seed', '3 seeds')
    """
    return f"{n} {thing}{'' if n == 1 else 's'}"


def lasting(seconds: float) -> str:
    """Return "about 2 minutes", "about 3 hours".

    >>> lasting(40), lasting(100), lasting(9000), lasting(200_000)
    ('about 40 seconds', 'about 2 minutes', 'about 2 hours', 'about 2 days')
    """
    for unit, size, most in (("second", 1, 90), ("minute", 60, 5400), ("hour", 3600, 172_800)):
        if seconds < most:
            return f"about {count(max(1, round(seconds / size)), unit)}"
    return f"about {count(round(seconds / 86_400), 'day')}"
