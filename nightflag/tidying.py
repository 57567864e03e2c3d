"""Tidying: a published night needs its staged rows no more."""

import logging

from nightflag.errors import NightflagError
from nightflag.failpoints import reached
from nightflag.locks import Lock
from nightflag.results.refusals import refuse_lost_lock
from nightflag.results.staging import empty
from nightflag.workplace import Workplace

logger = logging.getLogger(__name__)


def tidy(workplace: Workplace, lock: Lock) -> None:
    """Empty the staging tables; where that fails, the next night does it.

    One that lost its lock leaves them alone: the rows may be those of the run that took over.
    """
    try:
        with workplace.results.writing() as connection:
            refuse_lost_lock(connection, lock, workplace.now())
            empty(connection, workplace.tables)
    except NightflagError as error:
        logger.warning("What was staged is left for the next night to clear: %s", error)
    reached("tidied")
