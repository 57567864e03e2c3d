"""Key, event time, label, features and expectations, guessed from a table."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from nightflag import features
from nightflag.databases import Database
from nightflag.errors import SourceError
from nightflag.monitors import Source
from nightflag.monitors.source import Source as _Source
from nightflag.proposal.tables import Looked, look_at
from nightflag.records import describe
from nightflag.records.times import event_times
from nightflag.validation import propose as propose_expectations
