"""The code keeps the measure of the house: short functions, short files, no pickle."""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parents[2]
ROOMS = ("nightflag", "flows", "tasks", "sql")
PICKLES = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve"}
NAMELESS = {"utils", "helpers", "common", "misc"}


def modules() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def nodes() -> Iterator[tuple[Path, ast.AST]]:
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield path, node


def function_lengths() -> list[int]:
    """Lines of each function without its docstring and decorators."""
    return [
        (node.end_lineno or node.lineno) - node.lineno + 1 - docstring_length(node)
        for _, node in nodes()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def docstring_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(function) is None:
        return 0
    first = function.body[0]
    return (first.end_lineno or first.lineno) - first.lineno + 1


def imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        return {node.module.split(".")[0]}
    return set()


def test_functions_are_short() -> None:
    lengths = function_lengths()
    assert median(lengths) <= 8
    assert quantiles(lengths, n=10)[-1] <= 30


def test_files_are_short() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.open().readlines()) for path in modules()}
    assert {name: length for name, length in lengths.items() if length > 250} == {}


def test_pickle_is_never_imported_or_allowed() -> None:
    importing = {str(path.relative_to(ROOT)) for path, node in nodes() if imported(node) & PICKLES}
    allowing = {
        str(path.relative_to(ROOT))
        for path, node in nodes()
        if isinstance(node, ast.keyword)
        and node.arg == "allow_pickle"
        and not (isinstance(node.value, ast.Constant) and node.value.value is False)
    }
    assert importing | allowing == set()


def test_every_file_is_named_by_a_noun_of_the_domain() -> None:
    assert [path for path in modules() if path.stem in NAMELESS] == []


def test_every_room_is_a_package_so_that_the_import_contracts_see_it() -> None:
    """Migrations are exempt: Alembic runs them as scripts."""
    folders = {path.parent for path in modules() if "migrations" not in path.parts}
    assert {folder for folder in folders if not (folder / "__init__.py").exists()} == set()


def test_tests_are_no_packages_so_that_they_hide_none() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []
