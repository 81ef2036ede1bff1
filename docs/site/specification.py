"""The chapters of the specification that the site shows."""

from typing import Final

from conformance.documents.locations import spec_root
from conformance.loader.chapters import chapters_in

CHAPTERS: Final = chapters_in(spec_root())
