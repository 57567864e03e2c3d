"""Where a database's URL is to be found, so that no password ever stands in a monitor."""

import re
from collections.abc import Callable, Mapping

from nightflag.errors import SettingsError

EXPECTED = (
    "env:NAME (an environment variable), secret:NAME (a Prefect Secret block; lower case, digits "
    "and dashes) or a URL without a password, such as sqlite:///demo.db"
)
DATABASE = "postgresql://user:password@host/database"

_NAMED = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|secret:[a-z0-9]+(-[a-z0-9]+)*")
_LITERAL = re.compile(r"(?!env:|secret:)[A-Za-z][A-Za-z0-9_+.-]*://.+", re.DOTALL)
_IN_AUTHORITY = re.compile(r"(:/{2,}[^:/]*:).+(@)", re.DOTALL)
_IN_PARAMETER = re.compile(
    r"((?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key)\s*(?:=|%3D)\s*)[^&\s]+", re.IGNORECASE
)


def redact(url: str) -> str:
    """Return the text with every password replaced by ``***``, rather too much than too little.

    >>> redact("postgresql://ann:p@ss@host/db?sslpassword=x")
    'postgresql://ann:***@host/db?sslpassword=***'
    """
    return _IN_PARAMETER.sub(r"\1***", _IN_AUTHORITY.sub(r"\1***\2", url))


def check(reference: object) -> str:
    """Return the reference unchanged when a monitor may hold it; raise ValueError otherwise."""
    if not isinstance(reference, str):
        raise ValueError(f"expected {EXPECTED}")
    if _NAMED.fullmatch(reference):
        return reference
    if not _LITERAL.fullmatch(reference):
        raise ValueError(f"expected {EXPECTED}")
    if redact(reference) != reference:
        raise ValueError(
            "expected no password in a file; put the whole URL into an environment variable and "
            "write env:NAME here"
        )
    return reference


def resolve(
    reference: str,
    *,
    environment: Mapping[str, str],
    read_secret: Callable[[str], str],
    example: str = DATABASE,
) -> str:
    """Return the URL that the reference stands for, by default of a database.

    ``read_secret`` raises LookupError or ValueError when there is no such secret, as Prefect does.
    Raises SettingsError when the variable or the secret is missing, empty or holds no URL.
    """
    kind, _, name = reference.partition(":")
    if kind == "env":
        return _from_environment(name, environment, example)
    if kind == "secret":
        return _from_secret(name, read_secret, example)
    return reference


def _from_environment(name: str, environment: Mapping[str, str], example: str) -> str:
    mend = f"export {name}='{example}'"
    url = environment.get(name, "").strip()
    if not url:
        raise SettingsError(
            f"Environment variable {name} is not set.",
            expected=f"a URL such as {example}",
            mend=mend,
        )
    return _url(url, f"Environment variable {name}", mend, example)


def _from_secret(name: str, read_secret: Callable[[str], str], example: str) -> str:
    mend = f"create or correct the Prefect Secret block {name} (in the UI under Blocks)"
    try:
        url = read_secret(name).strip()
    except (LookupError, ValueError) as error:
        what = f"Prefect Secret block {name} cannot be read: {redact(str(error))}"
        raise SettingsError(what, expected=f"a URL such as {example}", mend=mend) from error
    return _url(url, f"Prefect Secret block {name}", mend, example)


def _url(url: str, holder: str, mend: str, example: str) -> str:
    if not _LITERAL.fullmatch(url):
        raise SettingsError(
            f"{holder} does not hold a URL.", expected=f"a URL such as {example}", mend=mend
        )
    return url
