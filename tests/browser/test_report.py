"""The report in a real browser with the network off: all of it is there, on a phone as on a desk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = {"phone": 390, "desk": 1280}
PAGES = ("index.html", *(f"pages/{stage}.html" for stage in ("baseline", "pilot", "integration", "roi", "decision")))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(
    params=[(name, width) for name in PAGES for width in WIDTHS], ids=lambda given: f"{given[0]}-{given[1]}"
)
def opened(request: pytest.FixtureRequest, browser: Browser, sample_report: Path) -> Iterator[tuple[Page, list[str]]]:
    """A page of the report, opened offline, and everything that it asked for or complained about."""
    name, width = request.param
    context = browser.new_context(viewport={"width": WIDTHS[width], "height": 900}, offline=True)
    page, noise = context.new_page(), list[str]()
    page.on("request", lambda sent: None if sent.url.startswith(("file:", "data:")) else noise.append(sent.url))
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.goto((sample_report / name).as_uri())
    yield page, noise
    context.close()


def test_nothing_is_asked_of_the_network_and_nothing_complains(opened: tuple[Page, list[str]]) -> None:
    page, noise = opened
    page.wait_for_load_state("load")
    assert noise == []
    assert (
        page.evaluate("performance.getEntriesByType('resource').filter(r => !r.name.startsWith('data:')).length") == 0
    )


def test_the_page_fits_its_width_and_every_figure_is_drawn(opened: tuple[Page, list[str]]) -> None:
    page, _ = opened
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0 && i.alt.length > 20)")


def test_no_table_has_to_be_pushed_aside_to_be_read(opened: tuple[Page, list[str]]) -> None:
    page, _ = opened
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    boxes = "[...document.querySelectorAll('.scroll')]"
    assert page.evaluate(f"{boxes}.filter(one => one.scrollWidth > one.clientWidth).map(one => one.ariaLabel)") == []
    assert page.evaluate(f"{boxes}.length") > 2


def test_the_page_can_be_read_by_a_machine_that_reads_aloud(opened: tuple[Page, list[str]]) -> None:
    page, _ = opened
    assert page.evaluate("document.documentElement.lang") == "en-GB"
    assert page.locator("h1").count() == page.locator("main").count() == 1
    assert page.evaluate("[...document.querySelectorAll('th')].every(h => h.scope)")
    assert page.evaluate("[...document.querySelectorAll('table')].every(t => t.caption)")


def test_no_code_and_no_analysts_cell_is_shown(opened: tuple[Page, list[str]]) -> None:
    page, _ = opened
    text = page.inner_text("main")
    assert "import " not in text
    assert "For the analyst" not in text


def test_every_link_leads_to_a_file_of_the_report(opened: tuple[Page, list[str]]) -> None:
    page, _ = opened
    links = page.evaluate(
        "[...document.querySelectorAll('a[href]')].map(a => a.href).filter(h => h.startsWith('file:'))"
    )
    assert links
    assert all(Path(link.removeprefix("file://").split("#")[0]).exists() for link in links)


def test_the_executives_first_screen_has_verdict_ask_error_rate_money_and_doubt(
    browser: Browser, sample_report: Path
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto((sample_report / "index.html").as_uri())
    assert "Go, in the loop" in page.inner_text("div.verdict")
    bottom = page.evaluate("document.querySelector('div.first').getBoundingClientRect().bottom")
    labels = page.locator("div.first p.label").all_inner_texts()
    page.close()
    assert labels == ["Asked next", "Error rate", "Human review", "Money", "Biggest doubt", "To be signed by"]
    assert bottom <= 800


def test_the_executives_page_weighs_little(sample_report: Path) -> None:
    text = (sample_report / "index.html").read_text(encoding="utf-8")
    figures = sum(len(part.split('"')[0]) for part in text.split('src="data:')[1:])
    assert len(text.encode()) - figures <= 150_000
