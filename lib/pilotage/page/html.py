"""The few pieces a page is made of, as HTML: every text that comes from data is redacted and escaped here, once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from pilotage.redact import redact
from pilotage.verdict import Answer
from pilotage.words import plain

Cell = object  # text is escaped; Html is taken as it is; numbers arrive as text from `words`


class Html(str):
    """Markup made by this module: the only text that reaches a page unescaped."""

    __slots__ = ()


_CODE = re.compile(r"`([^`]+)`")


def text(value: object) -> str:
    """Any value as harmless HTML text without personal data, cut when it is long."""
    return value if isinstance(value, Html) else escape(plain(_redacted(value)))


def sentence(value: object) -> str:
    """Our own prose around data: as harmless as `text`, never cut; `names` between backticks are set as code."""
    return value if isinstance(value, Html) else _CODE.sub(r"<code>\1</code>", escape(plain(_redacted(value), None)))


def badge(answer: Answer | str) -> Html:
    """The answer as a word in a coloured pill; the word is always there, so colour carries nothing alone."""
    return Html(f'<span class="badge {_class(answer)}">{sentence(answer)}</span>')


def verdict(answer: str, why: str, headline: str = "") -> Html:
    """The page's answer in one block: one of the three, or "not decided yet"; `headline` says it in more words."""
    return Html(
        f'<div class="verdict {_class(answer)}"><p class="answer">{sentence(headline or answer)}</p>'
        f'<p class="why">{sentence(why)}</p></div>'
    )


def table(caption: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], numeric: Iterable[str] = ()) -> Html:
    """A table with a caption and scoped headers; the first column heads its row, columns in `numeric` align right."""
    right = {index for index, name in enumerate(header) if name in set(numeric)}
    head = "".join(f'<th scope="col"{_num(i in right)}>{sentence(name)}</th>' for i, name in enumerate(header))
    body = "".join(f"<tr>{_row(row, right)}</tr>" for row in rows)
    if not body:
        body = f'<tr><td colspan="{len(header)}">nothing recorded</td></tr>'
    return Html(
        f'<table class="kpis"><caption>{sentence(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def cards(items: Iterable[tuple[str, Cell, str]]) -> Html:
    """The first screen: one card each of label, value, detail."""
    inner = "".join(
        f'<div class="card"><p class="label">{sentence(label)}</p><p class="value">{sentence(value)}</p>'
        f'<p class="detail">{sentence(detail)}</p></div>'
        for label, value, detail in items
    )
    return Html(f'<div class="first">{inner}</div>')


def bullets(items: Iterable[object], kind: str = "") -> Html:
    """A list; nothing at all where there are no items."""
    inner = "".join(f"<li>{sentence(item)}</li>" for item in items)
    opening = f'<ul class="{kind}">' if kind else "<ul>"
    return Html(f"{opening}{inner}</ul>" if inner else "")


def note(message: object, kind: str = "") -> Html:
    """A boxed remark; `kind` is "synthetic", "warning" or nothing."""
    return Html(f'<div class="{f"note {kind}".strip()}"><p>{sentence(message)}</p></div>')


def folded(summary: str, inside: Html) -> Html:
    """A part that opens on demand; nothing where there is nothing inside."""
    return Html(f"<details><summary>{sentence(summary)}</summary>{inside}</details>" if inside else "")


def paragraph(message: object, kind: str = "") -> Html:
    """A paragraph of our own prose."""
    return Html(f'<p class="{kind}">{sentence(message)}</p>' if kind else f"<p>{sentence(message)}</p>")


def _redacted(value: object) -> object:
    """A text without personal data and secrets: whoever reads a page need not see them."""
    return redact(value) if isinstance(value, str) else value


def _row(row: Sequence[Cell], right: set[int]) -> str:
    first, *rest = row
    cells = "".join(f"<td{_num(i in right)}>{text(cell)}</td>" for i, cell in enumerate(rest, start=1))
    return f'<th scope="row">{text(first)}</th>{cells}'


def _num(right: bool) -> str:
    return ' class="num"' if right else ""


def _class(answer: str) -> str:
    return {"go": "go", "no-go": "no-go", "not yet": "not-yet"}.get(answer, "undecided")
