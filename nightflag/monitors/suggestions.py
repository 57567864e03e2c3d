"""What a person probably meant when they wrote a word that does not exist."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice most like the word, case aside, or None when nothing is like it.

    ``Berlin`` finds ``Europe/Berlin``: the last part of a path counts as much as the whole.
    """
    names = list(choices)
    spellings = {name.lower().rsplit("/", 1)[-1]: name for name in names}
    spellings |= {name.lower(): name for name in names}
    found = get_close_matches(word.lower(), spellings, n=1)
    return spellings[found[0]] if found else None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return the sentence that offers the nearest choice, or an empty text."""
    choice = nearest(word, choices)
    return f"did you mean {choice}?" if choice else ""
