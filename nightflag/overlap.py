"""Reading, computing and writing at the same time."""

from collections.abc import Iterable, Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")

PATIENCE_SECONDS = 0.1


class _End:
    """Closes the queue, with the error that ended the work, if one did."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterable[Item], *, depth: int = 1) -> Iterator[Item]:
    """The same items in the same order, made ahead of need in a thread of their own.

    At most ``depth`` finished items wait. An error of the maker is raised here; when the taker
    stops early, the maker stops too.
    """
    waiting: Queue[Item | _End] = Queue(maxsize=depth)
    stopped = Event()
    maker = Thread(target=_make, args=(items, waiting, stopped), daemon=True)
    maker.start()
    try:
        yield from _taken(waiting)
    finally:
        stopped.set()
        maker.join()


def _make(items: Iterable[Item], waiting: "Queue[Item | _End]", stopped: Event) -> None:
    error: BaseException | None = None
    iterator = iter(items)
    try:
        for item in iterator:
            if not _put(waiting, item, stopped):
                break
    except BaseException as failure:  # noqa: BLE001 - raised again where the items are taken
        error = failure
    finally:
        if hasattr(iterator, "close"):
            iterator.close()
        _put(waiting, _End(error), stopped)


def _put(waiting: "Queue[Item | _End]", item: "Item | _End", stopped: Event) -> bool:
    while not stopped.is_set():
        try:
            waiting.put(item, timeout=PATIENCE_SECONDS)
        except Full:
            continue
        return True
    return False


def _taken(waiting: "Queue[Item | _End]") -> Iterator[Item]:
    while True:
        item = waiting.get()
        if isinstance(item, _End):
            if item.error is not None:
                raise item.error
            return
        yield item
