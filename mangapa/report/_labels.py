"""Names by which the galaxies of a run are told apart, on pages and in stores of judgements."""

from collections import Counter

from mangapa._utils.files import printable

#: Most characters of a name on a page: some lines of a narrow column, or of a hover label.
LONGEST_LABEL = 100
#: Most characters of a key, which has to fit into an address that a browser asks for.
LONGEST_KEY = 1000


def labels(rows):
    """A short name for each (source, row) of a run, to show to people."""
    return _distinct(rows, LONGEST_LABEL)


def keys(rows):
    """
    A key for each (source, row) of a run, under which its judgements are stored.

    It is the name and the observation, if only one row has them.
    """
    return _distinct(rows, LONGEST_KEY)


def shortened(text, longest):
    """Text of at most ``longest`` characters; the middle of a longer one is left out."""
    if len(text) <= longest:
        return text
    tail = longest // 3
    return f"{text[: longest - tail - 1]}…{text[-tail:]}"


def _distinct(rows, longest):
    """
    Name and observation of each row, with as much of its analysis and source as makes it unique.

    The result is printable text in one line.
    """
    candidates = []
    for source, row in rows:
        name = next(filter(None, map(row.get, ("name", "plateifu", "source"))), source)
        name = " ".join(filter(None, (name, row.get("observation"))))
        release, daptype = row.get("release"), row.get("daptype")
        texts = (
            name,
            f"{name} {daptype}" if daptype else name,
            f"{name} {release} {daptype}" if release and daptype else name,
            f"{name} ({row.get('source') or source})",
            f"{name} ({source})",
        )
        texts = [shortened(printable(text).strip(), longest) for text in texts]
        candidates.append(list(dict.fromkeys(texts)))
    owners = Counter(text for texts in candidates for text in texts)
    return [
        next((text for text in texts if owners[text] == 1), f"{texts[0]} (number {number})")
        for number, texts in enumerate(candidates, start=1)
    ]
