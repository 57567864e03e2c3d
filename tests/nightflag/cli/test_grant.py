"""``nightflag grant`` says what it granted, and on a dry run grants nothing."""

import psycopg
import pytest

NIGHT = ["--as-of", "2026-01-25", "--quiet"]


@pytest.fixture
def role(postgresql_url: str):
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("create role analyst")
        yield "analyst"
        connection.execute("drop owned by analyst")
        connection.execute("drop role analyst")


def may_read(url: str, view: str) -> bool:
    with psycopg.connect(url) as connection:
        asked = "select has_table_privilege('analyst', %s, 'select')"
        (answer,) = connection.execute(asked, [f"nightflag.{view}"]).fetchone()
        return answer


def test_a_role_is_let_in(
    nightflag, watch, home, postgresql_url: str, role: str, prefect_server: str, monkeypatch
) -> None:
    from tests.nightflag.cli.conftest import open_bank

    open_bank(postgresql_url)
    monkeypatch.setenv("BANK_URL", postgresql_url)
    watch(more="results: {treatment_views: true}\n")
    too_early = nightflag("grant", "--to", role)
    assert (too_early.code, too_early.out) == (2, "")
    assert "no view of any monitor yet" in too_early.err

    assert nightflag("run", "payments", *NIGHT).code == 0
    dry = nightflag("grant", "payments", "--to", role, "--dry-run")
    assert "a dry run" in dry.err
    assert not may_read(postgresql_url, "payments_flags")

    said = nightflag("grant", "payments", "--to", role)
    assert said.out == dry.out
    usage, select = said.out.splitlines()
    assert usage == 'grant usage on schema "nightflag" to "analyst";'
    assert select.startswith('grant select on "nightflag"."payments_clean", ')
    assert "analyst may read these views" in said.err
    assert may_read(postgresql_url, "payments_flags")
    assert not may_read(postgresql_url, "payments_scores")
    assert not may_read(postgresql_url, "nightflag_flags")

    assert nightflag("grant", "--to", role).code == 0
    assert may_read(postgresql_url, "nightflag_flags")


def test_sqlite_has_no_roles(nightflag, watch, bank: str) -> None:
    watch(more="results: {treatment_views: true}\n")
    said = nightflag("grant", "payments", "--to", "analyst")
    assert said.code == 2
    assert "knows no roles" in said.err
    assert "read-only" in said.err
