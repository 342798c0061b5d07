"""The tables: what they hold, how a user's files are mapped onto them, what was set aside and why."""

COMPLETE = "every row is accounted for"  # the check that a playbook's tolerance for missing rows judges
