"""Matplotlib figures as SVG that follows the page: CSS variables for colours, text as text, equal bytes for equal input."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from html import escape
from typing import TYPE_CHECKING

from rnnlab.documents import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PALETTE = {  # role: (on a light page, on a dark page)
    "ink": ("#1f2328", "#e6e8eb"),
    "muted": ("#626a73", "#9aa4af"),
    "others": ("#8c959f", "#6e7781"),
    "grid": ("#e3e6ea", "#30363d"),
    "paper": ("#ffffff", "#14181d"),
    "series-0": ("#57606a", "#a9b3bd"),
    "series-1": ("#0067a5", "#58b1f0"),
    "series-2": ("#c04a00", "#ff9a5c"),
    "series-3": ("#007a5a", "#3fc79a"),
    "series-4": ("#a03a86", "#e58fd0"),
    "series-5": ("#8a6a00", "#d9b23c"),
    "series-6": ("#5b4bc4", "#a99cf5"),
    "series-7": ("#b3203c", "#ff7f8f"),
}
"""Tints of the Okabe-Ito palette, darkened or lightened until each has a contrast of 3 : 1 or more with its page."""
_STAND_IN = {role: f"#{index + 1:06x}" for index, role in enumerate(PALETTE)}
_colors = ContextVar("colors", default=_STAND_IN)


def color(role: str) -> str:
    """Return what to draw with, to become the CSS variable of `role`, or in a PNG its colour on a light page."""
    return _colors.get()[role]


@contextmanager
def light() -> Iterator[None]:
    """Draw with the colours of a light page instead of their variables."""
    before = _colors.set({role: pair[0] for role, pair in PALETTE.items()})
    try:
        yield
    finally:
        _colors.reset(before)


def _style() -> Record:
    return {
        "svg.fonttype": "none",
        "font.size": 9.0,
        "text.parse_math": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": color("muted"),
        "axes.labelcolor": color("muted"),
        "axes.titlelocation": "left",
        "axes.titlesize": 9.0,
        "axes.titlecolor": color("ink"),
        "axes.facecolor": "none",
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": color("grid"),
        "grid.linewidth": 0.7,
        "xtick.color": color("muted"),
        "ytick.color": color("muted"),
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "xtick.minor.size": 0,
        "ytick.minor.size": 0,
        "text.color": color("ink"),
        "figure.facecolor": "none",
        "legend.frameon": False,
    }


def css() -> str:
    """Return the rules that define the palette's variables on a light and on a dark page."""
    light, dark = ("".join(f"--{role}:{pair[page]};" for role, pair in PALETTE.items()) for page in (0, 1))
    return f":root{{color-scheme:light dark;{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"


def render(name: str, title: str, description: str, size: tuple[float, float], draw: Callable[["Figure"], None]) -> str:
    """Return the SVG of what `draw` puts on a figure of `size` inches; `name` keeps its ids apart from other pictures'."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({**_style(), "svg.hashsalt": name}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _inline(text.getvalue(), name, title, description)


def pdf(size: tuple[float, float], draw: Callable[["Figure"], None]) -> bytes:
    """Return the PDF of what `draw` puts on a figure of `size` inches, on white, in letters of 8 points; equal bytes again."""
    import matplotlib
    from matplotlib.figure import Figure

    with light(), matplotlib.rc_context({**_style(), "font.size": 8.0, "pdf.fonttype": 42}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        file = io.BytesIO()
        figure.savefig(file, format="pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})
    return file.getvalue()


def png(size: tuple[float, float], draw: Callable[["Figure"], None]) -> bytes:
    """Return the PNG of what `draw` puts on a figure of `size` inches, on a light page; `draw` asks for its colours anew."""
    import matplotlib
    from matplotlib.figure import Figure

    with light(), matplotlib.rc_context(_style()):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        image = io.BytesIO()
        figure.savefig(image, format="png", dpi=150, facecolor=color("paper"), metadata={"Software": None})
    return image.getvalue()


def standalone(svg: str) -> str:
    """Return an inlined picture as a separate file that follows the reader's light or dark setting."""
    style = f"<style>{css()}svg{{background:var(--paper);font-family:system-ui,sans-serif}}</style>"
    return svg.replace(
        "<svg ", '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ', 1
    ).replace("</title>", f"</title>{style}", 1)


def _inline(svg: str, name: str, title: str, description: str) -> str:
    """Drop what belongs to a file, take colours and fonts from the page, and say to a screen reader what is shown."""
    box = re.search(r'viewBox="[^"]+"', svg)
    body = svg[svg.index(">", svg.index("<svg")) + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'<g id="[^"]*"/>', "", body)
    body = re.sub(r'<g id="(series-\d+)?(?:\|([^"]*))?[^"]*">', _group, body)
    body = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", body)
    body = re.sub(r"font-family: [^;\"]*;? ?", "", body)
    for role, stand_in in _STAND_IN.items():
        body = body.replace(stand_in, f"var(--{role})")
    labels = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
    head = f'<svg {box.group() if box else ""} role="img" aria-labelledby="{name}-title {name}-desc">'
    return head + labels + body


def _group(match: re.Match[str]) -> str:
    """Turn the gid "series-1|what to say" of an artist into a class and a tooltip; other ids mean nothing and go."""
    series, tip = match.groups()
    return "<g" + (f' class="{series}">' if series else ">") + (f"<title>{tip}</title>" if tip else "")
