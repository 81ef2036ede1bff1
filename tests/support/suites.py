"""Suites in folders, written for a test."""

from pathlib import Path


def written(folder: Path, files: dict[str, str]) -> Path:
    """Write files by their names in a folder, and return that."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
