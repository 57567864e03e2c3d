"""Digests: one message a night about its flags, not one a flag, and never the same twice.

A digest is written down for each channel of the monitor before anything is sent, in
``nightflag_digests``. Whoever sends one claims its row first and marks it sent afterwards, so that
retries, reruns and two workers send it once. A sender that is killed in between leaves it claimed;
ten minutes later it is sent again, and may then arrive twice: mail cannot be taken back, and a
digest that comes twice is better than none.
"""

from nightflag.digests.keeping import keep
from nightflag.digests.sending import send

__all__ = ["keep", "send"]
