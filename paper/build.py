"""
Build the paper as a PDF.

    python paper/build.py PDF

Pandoc resolves the citations, of which each must be in ``paper.bib``, and Typst sets the pages.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import pypandoc
import typst

PAPER = Path(__file__).parent


def main():
    """Write the PDF to the path on the command line."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "paper.typ"
        done = subprocess.run(
            [
                *(pypandoc.get_pandoc_path(), "paper.md", "--standalone", "--citeproc"),
                *("--fail-if-warnings", "--output", source),
            ],
            cwd=PAPER,
            check=False,
        )
        if done.returncode:
            sys.exit(done.returncode)
        typst.compile(source, output=Path(sys.argv[1]).absolute())


if __name__ == "__main__":
    main()
