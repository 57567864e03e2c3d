"""What a night would meet: looked at, never written.

``check`` goes through everything one monitor needs, ``doctor`` through the installation. Both
return findings, each fine, a warning or a problem; neither changes a byte anywhere.
"""

from nightflag.checking.finding import Finding, has_problem, tried
from nightflag.checking.installation import doctor, found_monitors
from nightflag.checking.monitor import check

__all__ = ["Finding", "check", "doctor", "found_monitors", "has_problem", "tried"]
