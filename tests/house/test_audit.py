"""Every change stands in the audit with what was before and what is after."""

import ast
from collections.abc import Iterator
from pathlib import Path

import smart_app

ROOT = Path(smart_app.__file__).parent
NO_CHANGE = {
    "studio/access.py:refuse": "a write that was refused",
    "studio/undo.py:undo_step": "says which act was undone; the undoing itself tells before and after",
    "rollout/naming.py:open_list": "somebody looked, and why",
    "studio/files/views.py:export_files": "files were taken out",
}


def tree_of(path: Path) -> ast.Module:
    """A thread that builds a tree in the same moment can make Python 3.11 lose count (python/cpython#106905)."""
    try:
        return ast.parse(path.read_text("utf-8"))
    except SystemError:
        return ast.parse(path.read_text("utf-8"))


def writers() -> Iterator[tuple[str, ast.AST]]:
    """(file:function, its tree) of each function that writes an entry of the audit."""
    for path in sorted(ROOT.rglob("*.py")):
        for function in ast.walk(tree_of(path)):
            if isinstance(function, ast.FunctionDef) and any(_writes(node) for node in ast.walk(function)):
                yield f"{path.relative_to(ROOT)}:{function.name}", function


def _writes(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "write_audit"


def keys_in(function: ast.AST) -> set[object]:
    """Keys of the dictionaries that the function writes down."""
    found = [node.keys for node in ast.walk(function) if isinstance(node, ast.Dict)]
    return {key.value for keys in found for key in keys if isinstance(key, ast.Constant)}


def test_every_entry_of_the_audit_says_what_was_before_and_what_is_after() -> None:
    without = {name for name, function in writers() if not {"before", "after"} <= keys_in(function)}
    assert without == set(NO_CHANGE)


def test_the_writers_of_the_audit_are_found() -> None:
    assert {"organizations/grants.py:_tell", "organizations/ehr_changes.py:put_back"} <= {name for name, _ in writers()}
