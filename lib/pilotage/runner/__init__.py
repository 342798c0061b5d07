"""How pages are run: planned, executed, kept while up to date, exported; pages are known by name only."""
