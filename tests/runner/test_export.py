"""What reaches the executive's HTML: nothing that acts, nothing that is fetched, everything that was meant."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from pilotage.page.html import verdict
from pilotage.runner.clean import clean_html, clean_markdown
from pilotage.runner.html import render

FRAME = {
    "language": "en-GB", "title": "Is <it> good?", "running": ["agent & co"], "note": None, "imprint": "Run x.",
    "nav": [{"name": "Pilot", "href": "../pages/pilot.html", "answer": "go", "kind": "go", "current": True}],
    "files": [{"name": "Evidence", "href": "../evidence/pilot.json"}],
}  # fmt: skip
SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(7)"><script>alert(8)</script></svg>'
HOSTILE = {
    "script": "<script>evil()</script>",
    "onerror": '<img src="x" onerror="evil()">',
    "javascript link": '<a href="javascript:evil()">x</a>',
    "javascript link, entities": '<a href="java&#115;cript:evil()">x</a>',
    "data link": '<a href="data:text/html,<script>evil()</script>">x</a>',
    "svg onload": '<svg onload="evil()"><circle/></svg>',
    "style": "<style>@import 'evil()'; body {display: none}</style>",
    "style attribute": '<p style="background: url(evil())">x</p>',
    "iframe": '<iframe src="https://evil()"></iframe>',
    "form": '<form action="https://evil()"><button formaction="evil()">x</button></form>',
    "object": '<object data="evil()"></object><embed src="evil()">',
    "meta": '<meta http-equiv="refresh" content="0; url=evil()"><base href="evil()">',
    "on a table": '<table onclick="evil()"><tr><td onmouseover="evil()">x</td></tr></table>',
    "mutation": "<math><mtext><table><mglyph><style><img src=x onerror=evil()></style></mglyph></table></mtext></math>",
    "unclosed": '<p title="<img src=x onerror=evil()>">x',
}


def output(**data: str):
    kinds = {"html": "text/html", "markdown": "text/markdown", "plain": "text/plain", "svg": "image/svg+xml",
             "js": "application/javascript"}  # fmt: skip
    return new_output("display_data", {kinds[name]: text for name, text in data.items()})


@pytest.fixture
def page(tmp_path):
    """Renders cells as a page."""

    def render_cells(*cells, frame=FRAME):
        nbformat.write(new_notebook(cells=list(cells)), tmp_path / "x.ipynb")
        return render(tmp_path / "x.ipynb", frame, "../")

    return render_cells


def code(*outputs, source: str = "secret_code()", tags: tuple[str, ...] = ()):
    return new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("way", ["html", "markdown", "markdown cell"])
def test_nothing_hostile_survives(page, hostile, way):
    cell = new_markdown_cell(hostile) if way == "markdown cell" else code(output(**{way: hostile}))
    assert "evil" not in page(cell) or '<p title="' in hostile
    assert not re.search(r"<(script|iframe|object|embed|form|base|img|svg|math|button)\b", page(cell))
    assert not re.search(r"<[^>]+\s(on\w+|style|srcset|formaction)\s*=", page(cell))


def test_javascript_outputs_and_widgets_are_left_out(page):
    widget = new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}, "text/plain": "IntSlider()"})
    html = page(code(output(js="evil()")), code(widget))
    assert "evil" not in html
    assert "IntSlider" not in html
    assert "<section" not in html


def test_a_styled_table_keeps_its_words_and_loses_its_styles(page):
    table = '<table id="T_a"><thead><tr><th>k</th></tr></thead><tr><td>5</td></tr></table>'
    styler = f"<style>#T_a td {{color: red}}</style>{table}"
    html = page(code(output(html=styler)))
    assert '<th scope="col">k</th>' in html
    assert "T_a" not in html


def test_text_is_text(page):
    stream = new_output("stream", name="stdout", text="\x1b[31m<b>red</b>\x1b[0m\x07")
    result = new_output("execute_result", {"text/plain": "<b>plain</b>"})
    html = page(code(stream, result))
    assert "<pre>&lt;b&gt;red&lt;/b&gt;</pre>" in html
    assert "<pre>&lt;b&gt;plain&lt;/b&gt;</pre>" in html


def test_code_warnings_tracebacks_and_analyst_cells_are_not_shown(page):
    warning = new_output("stream", name="stderr", text="a warning")
    error = new_output("error", ename="E", evalue="v", traceback=["Traceback"])
    analyst = code(output(html="<p>for analysts</p>"), tags=("analyst",))
    words = new_markdown_cell("analyst words", metadata={"tags": ["analyst"]})
    html = page(code(warning, error), analyst, words)
    for absent in ("secret_code", "a warning", "Traceback", "for analysts", "analyst words"):
        assert absent not in html


def test_a_figure_is_embedded_with_its_own_words(page):
    shown = output(svg=SVG, plain="<Figure>")
    shown["metadata"] = {"image/svg+xml": {"alt": 'Success by "segment" <b>'}}
    html = page(code(shown))
    assert 'alt="Success by &quot;segment&quot; &lt;b&gt;"' in html
    assert 'src="data:image/svg+xml;base64,' in html
    assert "onload" not in html


def test_the_vocabulary_of_the_house_stays():
    kept = (
        '<div class="verdict not-yet"><p class="answer">not yet</p><p class="why">so</p></div>'
        '<ul class="facts"><li>a</li></ul><span class="badge go">go</span>'
        '<details open=""><summary>s</summary></details>'
        '<time datetime="2026-10-12">today</time><figure><figcaption>c</figcaption></figure>'
    )
    assert clean_html(kept) == kept


def test_header_cells_say_what_they_head_and_tables_scroll_in_their_own_box():
    html = clean_html(
        '<table class="kpis"><caption>All <b>"KPIs"</b></caption>'
        '<thead><tr><th>KPI</th><th scope="colgroup">n</th></tr></thead>'
        '<tbody><tr><th>a</th><td class="num" colspan="2">1</td></tr></tbody></table>'
    )
    assert html.startswith('<div class="scroll" role="region" tabindex="0" aria-label="All &quot;KPIs&quot;"><table')
    assert html.endswith("</table></div>")
    assert '<th scope="col">KPI</th><th scope="colgroup">n</th>' in html
    assert '<th scope="row">a</th><td class="num" colspan="2">1</td>' in html


def test_every_cell_carries_the_name_of_its_column_in_harmless_words():
    head = '<thead><tr><th>KPI</th><th>"n" <b>&lt;of&gt;</b> all</th></tr></thead>'
    html = clean_html(f"<table>{head}<tbody><tr><th>a</th><td>1</td></tr></tbody></table>")
    assert '<th scope="row" data-label="KPI">a</th>' in html
    assert '<td data-label="&quot;n&quot; &lt;of&gt; all">1</td>' in html


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("<tr><th>a</th><th>b</th></tr>", '<tr><td colspan="2">joined</td></tr>'),
        ("<tr><th>a</th><th>b</th></tr>", '<tr><td rowspan="2">1</td><td>2</td></tr>'),
        ("<tr><th>a</th><th>b</th></tr>", "<tr><td>1</td><td>2</td><td>3</td></tr>"),
        ("<tr><th>over</th></tr><tr><th>a</th><th>b</th></tr>", "<tr><td>1</td><td>2</td></tr>"),
        ("<tr><th>a</th></tr>", "<tr><td><table><tbody><tr><td>inner</td></tr></tbody></table></td></tr>"),
    ],
    ids=["joined columns", "joined rows", "more cells than names", "two rows of names", "a table in a table"],
)
def test_a_cell_whose_column_is_not_sure_carries_no_name(head, row):
    assert "data-label" not in clean_html(f"<table><thead>{head}</thead><tbody>{row}</tbody></table>")


def test_a_name_of_a_column_cannot_be_forged_in_a_notebook():
    assert "data-label" not in clean_html('<p data-label="x">a</p><table><tr><td data-label="x">1</td></tr></table>')


def test_numbers_in_markdown_tables_stay_on_the_right():
    html = clean_markdown("| KPI | n |\n|---|---:|\n| a | 1 |\n")
    assert '<th class="num" scope="col">n</th>' in html or '<th scope="col" class="num">n</th>' in html
    assert '<td class="num" data-label="n">1</td>' in html


@pytest.mark.parametrize(
    ("href", "kept"),
    [
        ("evidence/pilot.json", "../evidence/pilot.json"),
        ("https://example.org/", "https://example.org/"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("/etc/passwd", None),
        ("//example.org/x", None),
        ("\\\\example.org\\x", None),
        ("file:///etc/passwd", None),
    ],
)
def test_links_start_at_the_runs_folder_or_lead_nowhere(href, kept):
    html = clean_html(f'<a href="{href}">x</a>', "../")
    assert (f'href="{kept}"' in html) if kept else ("href" not in html)


class Tags(HTMLParser):
    """Collects tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_frame_has_language_main_policy_and_escapes_its_words(page):
    tags = Tags()
    html = page(new_markdown_cell("# Is it good?"))
    tags.feed(html)
    found = dict(tags.found)
    assert found["html"] == {"lang": "en-GB"}
    assert found["main"] == {"id": "main"}
    assert "Is &lt;it&gt; good?</title>" in html
    assert "agent &amp; co" in html
    policies = [a["content"] for tag, a in tags.found if tag == "meta" and a.get("http-equiv")]
    assert len(policies) == 1
    assert re.fullmatch(
        r"default-src 'none'; img-src data:; style-src 'sha256-[\w+/]+='; base-uri 'none'; form-action 'none'",
        policies[0],
    )


def test_nothing_is_fetched(page):
    html = page(new_markdown_cell("# Q\n![alt](https://example.org/x.png)"), code(output(html="<p>x</p>")))
    tags = Tags()
    tags.feed(html)
    for _, attributes in tags.found:
        assert "src" not in attributes
    assert "url(" not in html
    assert "@import" not in html
    assert not any(tag in ("link", "script", "iframe") for tag, _ in tags.found)


def test_a_page_that_did_not_run_says_so(page):
    html = render(None, FRAME | {"note": {"what": "This page did not run.", "why": "it needs <pilot>."}}, "../")
    assert 'role="note"' in html
    assert "it needs &lt;pilot&gt;." in html


def test_the_frame_is_small(page):
    assert len(page(new_markdown_cell("# Q"))) < 16_000


def test_the_next_page_gets_its_own_links(page, tmp_path):
    cell = code(output(html='<a href="evidence/pilot.json">x</a>'))
    nbformat.write(new_notebook(cells=[cell]), tmp_path / "x.ipynb")
    assert 'href="../evidence/pilot.json"' in render(tmp_path / "x.ipynb", {**FRAME, "files": []}, "../")
    assert 'href="evidence/pilot.json"' in render(tmp_path / "x.ipynb", {**FRAME, "files": []}, "")


@pytest.mark.parametrize(
    ("answer", "headline", "kind"),
    [
        ("go", "go, in the loop", "go"),
        ("no-go", "no-go", "no-go"),
        ("not yet", "not yet", "not-yet"),
        ("not decided yet", "", "undecided"),
    ],
)
def test_each_answer_keeps_its_colour_also_with_a_tier_beside_it(page, answer, headline, kind):
    html = page(code(output(html=verdict(answer, "because", headline))))
    assert f'<div class="verdict {kind}"><p class="answer">{headline or answer}</p>' in html
    assert kind == "undecided" or re.search(rf"\.verdict\.{kind}\b[^{{]*{{[^}}]*--tone: var\(--\w+\); --tint", html)
