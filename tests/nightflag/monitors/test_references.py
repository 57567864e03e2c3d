"""A monitor says where a database's URL is to be found; no message ever shows a password."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightflag.errors import SettingsError
from nightflag.monitors.references import check, redact, resolve

URL = "postgresql://ann:hunter2@host/db"


def no_secret(name: str) -> str:
    raise ValueError(f"Unable to find block document named {name}; tried {URL}")


@pytest.mark.parametrize(
    "reference",
    ["env:DATABASE_URL", "secret:readings-url", "sqlite:///demo.db", "postgresql://ann@host/db"],
)
def test_a_reference_without_a_password_may_stand_in_a_monitor(reference: str) -> None:
    assert check(reference) == reference


@pytest.mark.parametrize(
    "reference",
    ["env:", "env:1A", f"env:{URL}", "secret:Upper", "demo.db", "", None, {"env": "A"}, "://x"],
)
def test_anything_else_is_refused_with_the_forms_that_exist(reference: object) -> None:
    with pytest.raises(ValueError, match="env:NAME"):
        check(reference)


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "postgresql+psycopg://ann:hunter2@host/db",
        "postgresql://host/db?user=ann&password=hunter2",
        "mssql+pyodbc:///?odbc_connect=UID%3Dann%3BPWD%3Dhunter2",
        "postgresql://ann:p@ss/hunter2@host/db",
        "postgresql:////ann:hunter2@host/db",
    ],
)
def test_a_password_is_refused_and_never_shown(url: str) -> None:
    with pytest.raises(ValueError, match="no password in a file") as refusal:
        check(url)
    assert "hunter2" not in str(refusal.value) + redact(url)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_redaction_hides_every_password(password: str) -> None:
    assert redact(f"postgresql://ann:{password}@host/db") == "postgresql://ann:***@host/db"


def test_redaction_leaves_urls_without_a_password_alone() -> None:
    assert redact("postgresql://ann@host:5432/db?sslmode=require") == (
        "postgresql://ann@host:5432/db?sslmode=require"
    )


@pytest.mark.parametrize("reference", ["env:U", "secret:u", "sqlite:///demo.db"])
def test_a_reference_resolves_to_its_url(reference: str) -> None:
    urls = {"U": f"{URL}\n", "u": URL}
    expected = reference if reference.startswith("sqlite") else URL
    assert resolve(reference, environment=urls, read_secret=urls.__getitem__) == expected


@pytest.mark.parametrize("environment", [{}, {"DATABASE_URL": ""}, {"DATABASE_URL": "hunter2"}])
def test_a_missing_or_wrong_variable_is_named_with_its_mend(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="variable DATABASE_URL") as refusal:
        resolve("env:DATABASE_URL", environment=environment, read_secret=no_secret)
    assert "export DATABASE_URL=" in refusal.value.mend
    assert "hunter2" not in str(refusal.value)


def test_a_missing_secret_is_named_without_a_password() -> None:
    with pytest.raises(SettingsError, match="block readings-url") as refusal:
        resolve("secret:readings-url", environment={}, read_secret=no_secret)
    assert "hunter2" not in str(refusal.value)
