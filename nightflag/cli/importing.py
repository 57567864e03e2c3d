"""Imports that are not held up."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def undisturbed() -> Iterator[None]:
    """Look for no garbage inside, nor ever after among what is there by the end.

    Two thousand modules are none, and to look through them again and again takes a fifth of the
    time in which they are imported.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
