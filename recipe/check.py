"""
Check that the recipe renders, and requires what the package does.

    python recipe/check.py
"""

import configparser
import sys
from pathlib import Path

from rattler_build import Stage0Recipe

ROOT = Path(__file__).parents[1]
#: Names on conda-forge that differ from those on PyPI.
CONDA_NAMES = {"isal": "python-isal"}


def required():
    """What setup.cfg requires, in the words of conda."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = config["options"]["install_requires"].split()
    names = [line.partition(">=") for line in lines]
    packages = {f"{CONDA_NAMES.get(name, name)} >={least}" for name, _, least in names}
    return packages | {f"python {config['options']['python_requires']}"}


def main():
    """Exit with a message if something is wrong."""
    (rendered,) = Stage0Recipe.from_file(ROOT / "recipe" / "recipe.yaml").render()
    found = set(map(str, rendered.recipe.requirements.run))
    if found != required():
        sys.exit(f"recipe and setup.cfg differ: {', '.join(sorted(found ^ required()))}")


if __name__ == "__main__":
    main()
