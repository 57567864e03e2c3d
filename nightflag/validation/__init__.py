"""What must hold before anything is scored: expectations on records and on tonight's table.

Row expectations judge records one by one, batch after batch (:class:`RowSuite`); table expectations
judge the whole window once, as SQL (:func:`check_table`). :func:`split` says which is which. Great
Expectations is imported by ``gx.py`` alone, and only once there is an expectation to look at. No
data context is made, so nothing is stored, drawn on the screen or sent anywhere.
"""

from nightflag.validation.outcome import Outcome, outcomes
from nightflag.validation.proposal import propose
from nightflag.validation.rows import Failures, RowSuite, RuleCount, total
from nightflag.validation.rule import Expectation, check_settings, split
from nightflag.validation.table import TableFinding, check_table, refuse

__all__ = [
    "Expectation",
    "Failures",
    "Outcome",
    "RowSuite",
    "RuleCount",
    "TableFinding",
    "check_settings",
    "check_table",
    "outcomes",
    "propose",
    "refuse",
    "split",
    "total",
]
