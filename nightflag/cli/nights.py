"""What `run` and `retrain` need before they call a flow."""

from functools import cache

from nightflag.cli.importing import undisturbed
from nightflag.cli.output import say
from nightflag.cli.quiet import hush
from nightflag.errors import ServerUnreachable


@cache
def ready_for_prefect(*, verbose: bool, quiet: bool = False) -> None:
    """Import Prefect silently, once, and start a server of its own where none is named.

    Raises :class:`ServerUnreachable` where that, or the one that is named, does not answer.
    """
    hush(verbose=verbose)
    with undisturbed():
        import flows.nightly  # noqa: F401 - and with it all that a night is made of
        from flows.workplaces import server_url, start_temporary_server
        from nightflag.checking.installation import trouble_with_server

    url = server_url()
    if url is None:
        if not quiet:
            say("Starting a temporary Prefect server (none is named in PREFECT_API_URL).")
        start_temporary_server()
    elif trouble := trouble_with_server(url):
        raise ServerUnreachable(
            f"The Prefect server at {url} does not answer: {trouble}",
            expected="a server, or none named: then a run starts a temporary one",
            mend="start it (`prefect server start`) or correct PREFECT_API_URL, and run it again",
        )
