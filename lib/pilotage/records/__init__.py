"""The tables: what they hold, how a user's files are mapped onto them, what was set aside and why."""
