"""The tests that hold each promise of ``docs/promises.rst``, found by their markers."""

import ast
from collections import defaultdict
from pathlib import Path

TESTS = Path(__file__).parent
MARKER = "pytest.mark.promise"


def marked_tests():
    """Find the marked tests: a sorted `list` of their names (``file::test``) by promise."""
    found = defaultdict(set)
    for path in TESTS.rglob("test_*.py"):
        module, name = ast.parse(path.read_bytes()), path.relative_to(TESTS.parent).as_posix()
        of_module = [
            node.value
            for node in module.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
        ]
        for function in module.body:
            if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
                for number in _numbers([*of_module, *function.decorator_list]):
                    found[number].add(f"{name}::{function.name}")
    return {number: sorted(names) for number, names in sorted(found.items())}


def _numbers(expressions):
    """Promises that are named in expressions such as ``pytest.mark.promise(4)``."""
    for expression in expressions:
        for node in ast.walk(expression):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == MARKER:
                (number,) = node.args
                yield ast.literal_eval(number)
