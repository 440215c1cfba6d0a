"""Make the PDF of the paper, without TeX: pandoc resolves the citations, typst sets the pages."""

import sys
from pathlib import Path

import pypandoc
import typst

FOLDER = Path(__file__).parent

source = Path(sys.argv[1]).with_suffix(".typ")
options = ["--standalone", "--citeproc", f"--bibliography={FOLDER / 'paper.bib'}"]
# JOSS names the authors in a way of its own, which pandoc leaves out.
options += ["--metadata=author:The mangapa developers"]
pypandoc.convert_file(FOLDER / "paper.md", "typst", outputfile=source, extra_args=options)
typst.compile(source, output=source.with_suffix(".pdf"))
