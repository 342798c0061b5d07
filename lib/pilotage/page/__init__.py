"""What a notebook calls: open the page, show pieces, conclude."""

from pilotage.page import html, views
from pilotage.page.session import Page, not_decided_yet, open_page

__all__ = ["Page", "html", "not_decided_yet", "open_page", "views"]
