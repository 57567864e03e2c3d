"""The site of the documentation, built by ``make docs``."""

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
