"""The first draft of a monitor: what `nightflag init` makes of a table it has looked at.

``propose`` guesses, ``write`` says each guess in a file whose comments explain it.
"""

from nightflag.proposal.guessing import Guesses, Wishes, propose
from nightflag.proposal.tables import table_names
from nightflag.proposal.writing import trial, write

__all__ = ["Guesses", "Wishes", "propose", "table_names", "trial", "write"]
