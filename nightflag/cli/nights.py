"""What `run` and `retrain` need before they call a flow."""

from functools import cache

from nightflag.cli.output import say
from nightflag.cli.quiet import hush
from nightflag.errors import SettingsError


@cache
def ready_for_prefect(*, verbose: bool, quiet: bool = False) -> None:
    """Import Prefect silently, once; say that it starts a server of its own, where it does.

    Raises :class:`SettingsError` where a server is named and does not answer.
    """
    hush(verbose=verbose)
    from flows.workplaces import server_url
    from nightflag.checking.installation import trouble_with_server

    url = server_url()
    if url is None:
        if not quiet:
            say("Starting a temporary Prefect server (none is named in PREFECT_API_URL).")
    elif trouble := trouble_with_server(url):
        raise SettingsError(
            f"The Prefect server at {url} does not answer: {trouble}",
            expected="a server, or none named: then a run starts a temporary one",
            mend="start it with `prefect server start`, or correct PREFECT_API_URL",
        )
