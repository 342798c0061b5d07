"""Calls one after the other that should have been one: on the tool calls of runs, and on a log of SQL statements."""
