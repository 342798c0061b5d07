"""A new workspace: the playbook, the pages and the sample, ready to run and then to be made one's own."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

from pilotage.errors import PilotageError
from pilotage.lab import stripped

PACKAGE = Path(__file__).parent
PARTS = ("playbook", "notebooks", "data/sample", "data/README.md", "reports/README.md")
# What people decided here was not decided there.
NOT_COPIED = {"audit_log.jsonl", "labels.jsonl", "plan.jsonl", "proposals", "guard"}
NOT_COPIED |= {"reviews.sqlite", "reviews.sqlite-wal", "reviews.sqlite-shm"}
IGNORE = """\
.ipynb_checkpoints/
# Made by every run.
reports/*
!reports/README.md
# Data is kept where access to it is managed, not in git.
data/*
!data/README.md
!data/sample/
"""

STEPS = (
    "pilotage run                             # the playbook on the sample, to see what comes out",
    "jupyter lab notebooks                    # the same pages, stepped through by hand",
    "pilotage map FILE... --into data/mine    # your own tables: drafts data/mine/dataset.yaml",
    "pilotage check                           # after editing dataset.yaml and the limits in playbook/",
    "pilotage baseline lock --dataset mine    # before the pilot starts",
    "pilotage run --dataset mine",
)
README = """\
# A pilotage workspace

From pilot to production: one decision that anyone can recompute.

```sh
{steps}
```

- `playbook/`: what your organisation decides, limit by limit, and the audit log of its decisions
- `notebooks/`: one page for each question, the decision last
- `data/`: one folder for each dataset; [data/README.md](data/README.md) names every table and column
- `reports/`: what runs leave; `reports/latest/index.html` is the decision
""".format(steps="\n".join(STEPS))


def init_workspace(target: Path) -> list[str]:
    """Fill `target`, made if absent, and return the next steps, one line each.

    PilotageError when `target` is no folder, holds anything already, or cannot be written.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        what = "is not empty" if target.is_dir() else "is a file"
        raise PilotageError(what, str(target), "name a new or an empty folder: nothing is ever overwritten")
    template = find_template()
    try:
        for source in template_files(template):
            _copy(source, target / source.relative_to(template))
        (target / ".gitignore").write_text(IGNORE, encoding="utf-8")
        (target / "README.md").write_text(README, encoding="utf-8")
    except OSError as fault:
        advice = "remove what was begun, then try another folder"
        raise PilotageError(f"cannot be written: {fault.strerror}", str(fault.filename or target), advice) from fault
    return _next_steps(target)


def find_template() -> Path:
    """The folder to copy from: `template` in an installed package, else the checkout this code runs from."""
    for folder in (PACKAGE / "template", *PACKAGE.parents[1:2]):
        if (folder / "playbook" / "playbook.yaml").is_file():
            return folder
    raise PilotageError("the template of a new workspace is missing", str(PACKAGE), "install pilotage again")


def template_files(template: Path) -> Iterator[Path]:
    """The files of a new workspace, sorted: nothing hidden, no cache, nothing that people decided."""
    for part in PARTS:
        whole = template / part
        for path in [whole] if whole.is_file() else sorted(whole.rglob("*")):
            names = path.relative_to(template).parts
            hidden = any(name.startswith((".", "__pycache__")) for name in names)
            if path.is_file() and not hidden and NOT_COPIED.isdisjoint(names):
                yield path


def _copy(source: Path, target: Path) -> None:
    """A plain copy that may be written to; a notebook comes without what somebody's session left in it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix == ".ipynb":
        notebook = stripped(json.loads(source.read_text(encoding="utf-8")))
        target.write_text(json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    else:
        shutil.copyfile(source, target)


def _next_steps(target: Path) -> list[str]:
    here = target.resolve() == Path.cwd()
    return [
        *([] if here else [f"cd {shlex.quote(os.fspath(target))}"]),
        *STEPS,
    ]
