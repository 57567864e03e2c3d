"""The site of the documentation, built by ``make docs``."""

import re
from pathlib import Path

from sphinx.application import Sphinx

from nightflag.cli import version as installed_version

project = "nightflag"
author = "The nightflag authors"
copyright = author
release = installed_version()

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]

html_theme = "furo"
html_title = "nightflag"
html_show_sphinx = False

OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./([^)#]+)[^)]*\)")
DOCS = Path(__file__).parent


def setup(app: Sphinx) -> None:
    """Let the site name files of the repository that it does not hold."""
    app.connect("source-read", _name_files_outside)


def _name_files_outside(_app: Sphinx, page: str, source: list[str]) -> None:
    """Turn links out of ``docs`` into names; one that leads nowhere stays, and fails."""
    if "/" not in page:
        source[0] = OUTSIDE.sub(_named, source[0])


def _named(link: re.Match[str]) -> str:
    text, path = link.groups()
    return f"{text} (`{path}`)" if (DOCS.parent / path).exists() else link[0]
