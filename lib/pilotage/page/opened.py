"""What a page opened: every file with its hash, so that the runner knows exactly when the page must run again."""

from __future__ import annotations

from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import Any

from pilotage.hashes import ABSENT, fingerprint, part_fingerprint, part_of, write_json_atomically
from pilotage.workspace import Workspace


@dataclass
class Opened:
    """A page's record of what it read; a file that is not there is recorded as absent: its arrival matters too."""

    workspace: Workspace
    run: Path
    files: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    globs: dict[str, list[str]] = field(default_factory=dict)
    elsewhere: str = ""  # why what it read outside of files may have changed since: then it is never up to date

    def file(self, path: Path) -> Path | None:
        """Record the file and give it back; None where it is absent."""
        self.files[self._name(path)] = found = fingerprint(path)
        return None if found == ABSENT else path

    def part(self, path: Path, key: str) -> Any:
        """Record and return one entry of a JSON file (`key` is dotted); None where it is absent."""
        value = part_of(path, key)
        self.parts[f"{self._name(path)}#{key}"] = part_fingerprint(value)
        return value

    def matching(self, pattern: Path) -> None:
        """Record every file that the pattern matches, and which they are: one that joins them later matters too."""
        if pattern.is_file():
            self.file(pattern)
            return
        name = self._name(pattern)
        self.globs[name] = sorted(glob(name, root_dir=self.workspace.root, recursive=True))
        for found in self.globs[name]:
            self.file(self.workspace.root / found)

    def write(self, path: Path) -> None:
        """Write the record; its presence is what says that the page came to its end."""
        files, parts, globs = (dict(sorted(found.items())) for found in (self.files, self.parts, self.globs))
        write_json_atomically(path, {"files": files, "parts": parts, "globs": globs, "elsewhere": self.elsewhere})

    def _name(self, path: Path) -> str:
        if path.is_relative_to(self.run):
            return f"run:{path.relative_to(self.run).as_posix()}"
        return self.workspace.relative(path)
