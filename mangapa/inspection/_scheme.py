"""What an expert can say of a velocity field on the page: keys and help for each code."""

from mangapa.catalogue._flag_table import MEANINGS

#: Key and help of each code, by what it describes; a code of 0 that is not listed says nothing.
KEYS = {
    "quality": {
        0: ("0", "no rotation, too small a field, or artefacts"),
        1: ("1", "usable, with larger errors or complex motions"),
        2: ("2", "one clear axis"),
    },
    "feature": {
        1: ("k", "the axis of the core is off by more than 30 deg"),
        2: ("w", "the axis turns with radius"),
        3: ("m", "a companion, or a disturbed field"),
    },
    "note": {
        1: ("d", "there is little gas"),
        2: ("n", "there is gas, but no axis"),
        3: ("b", "there is rotation, but not that of a disc"),
    },
}


def scheme():
    """List what the page offers for "quality", "feature" and "note": code, key, text and help."""
    return {
        kind: [
            {"code": code, "key": key, "text": MEANINGS[kind][code], "help": text}
            for code, (key, text) in choices.items()
        ]
        for kind, choices in KEYS.items()
    }
