"""Reasons: which columns made a record's score, with the value found and the value expected."""

from nightflag.explanation.accounts import Account, account
from nightflag.explanation.ranking import REASONS_PER_FLAG, Reasons, reasons
from nightflag.explanation.residuals import usual
from nightflag.results.columns import EVERYTHING_ELSE

__all__ = [
    "EVERYTHING_ELSE",
    "REASONS_PER_FLAG",
    "Account",
    "Reasons",
    "account",
    "reasons",
    "usual",
]
