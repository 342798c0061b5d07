"""What of a notebook may reach the executive's HTML: the house's vocabulary, nothing that acts, nothing personal."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from functools import cache
from html import escape
from typing import Any

import mistune
import nh3

from pilotage.redact import redact

TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em"),
    *("figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "s", "section"),
    *("small", "span", "strong", "sub", "summary", "sup", "time", "u", "ul"),
    *("caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"),
}
ATTRIBUTES = {
    "*": {"class"},
    "a": {"href"},
    "details": {"open"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope"},
    "time": {"datetime"},
}
# The words of these elements are not text; all other tags outside the vocabulary lose the tag and keep their words.
SILENT = {
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "template",
    "noscript",
    "svg",
    "math",
    "title",
    "textarea",
    "select",
}
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
TERMINAL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
HEAD = re.compile(r"<thead.*?</thead>", re.DOTALL)
BARE_TH = re.compile(r"<th(?![a-z])(?![^>]*\sscope=)")
CAPTION = re.compile(r"(<caption[^>]*>)(.*?)</caption>", re.DOTALL)
TABLE = re.compile(r"<table\b[^>]*>(?:\s*<caption[^>]*>(?P<caption>.*?)</caption>)?", re.DOTALL)
WHOLE_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
CELL = re.compile(r"<t[hd]\b[^>]*>")
HEADING = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
MARKUP = re.compile(r"<[^>]*>")
PARTS = re.compile(r"(<[^>]*>)")


def clean_html(text: str, base: str = "") -> str:
    """The fragment with only harmless tags and attributes and no personal data between them.

    Relative links start at the run's folder, `base`.
    """

    def relative(url: str) -> str | None:
        return None if url.startswith(("/", "\\", "#")) else base + url

    cleaned = nh3.clean(
        CONTROL.sub("", text), tags=TAGS, attributes=ATTRIBUTES, clean_content_tags=SILENT,
        url_schemes={"http", "https", "mailto"}, url_relative=relative, link_rel="noopener noreferrer",
    )  # fmt: skip
    return _tables("".join(part if part.startswith("<") else redact(part) for part in PARTS.split(cleaned)))


def clean_markdown(text: str, base: str = "") -> str:
    """Markdown as harmless HTML; what HTML it holds is cleaned like any other."""
    return clean_html(str(_markdown()(text)).replace(' style="text-align:right"', ' class="num"'), base)


def plain(text: str) -> str:
    """Text as text: escaped, without personal data, terminal colours and control characters."""
    return escape(redact(CONTROL.sub("", TERMINAL.sub("", text))))


def figure(output: Mapping[str, Any], kind: str) -> str:
    """The picture embedded as data, with the alternative text that its page gave it."""
    data = output["data"][kind]
    content = base64.b64encode(data.encode()).decode() if kind == "image/svg+xml" else "".join(data.split())
    alt = output.get("metadata", {}).get(kind, {}).get("alt", "")
    return f'<figure><img src="data:{kind};base64,{escape(content)}" alt="{plain(alt)}"></figure>'


def filters(base: str) -> dict[str, Callable[..., str]]:
    """The template's filters for a page that stands at `base` from its run's folder."""
    return {
        "clean_html": lambda text: clean_html(text, base),
        "clean_markdown": lambda text: clean_markdown(text, base),
        "plain": plain,
        "figure": figure,
    }


@cache
def _markdown() -> Any:
    return mistune.create_markdown(escape=False, plugins=["table", "strikethrough"])


def _tables(html: str) -> str:
    """Header cells say what they head, and each table scrolls in a box of its own; `html` is cleaned already."""
    html = HEAD.sub(lambda head: BARE_TH.sub('<th scope="col"', head[0]), html)
    html = BARE_TH.sub('<th scope="row"', html)
    html = WHOLE_TABLE.sub(lambda table: _named_cells(table[0]), html)
    html = CAPTION.sub(r"\1<span>\2</span></caption>", html)
    html = TABLE.sub(
        lambda table: f'<div class="scroll" role="region" tabindex="0"{_label(table["caption"])}>{table[0]}', html
    )
    return html.replace("</table>", "</table></div>")


def _named_cells(table: str) -> str:
    """Each cell carries its column's name: on a phone every row becomes a list of names and values.

    A table within a table, a head of several rows, and a row with joined cells stay as they are.
    """
    head = HEAD.search(table)
    if head is None or table.count("<table") > 1:
        return table
    names = [_words(heading[1]) for heading in HEADING.finditer(head[0])]
    return table[: head.end()] + ROW.sub(lambda row: _named(row[0], names), table[head.end() :])


def _named(row: str, names: list[str]) -> str:
    if len(CELL.findall(row)) != len(names) or "span=" in row:
        return row
    left = iter(names)
    return CELL.sub(lambda cell: f'{cell[0][:-1]} data-label="{next(left)}">', row)


def _label(caption: str | None) -> str:
    return f' aria-label="{_words(caption or "") or "Table"}"'


def _words(markup: str) -> str:
    """The text of a fragment, to stand in an attribute."""
    return MARKUP.sub("", markup).strip().replace('"', "&quot;")
