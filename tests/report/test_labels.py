import pytest

from mangapa.report._labels import LONGEST_KEY, LONGEST_LABEL, keys, labels, shortened
from tests.hostile import NAMES


def row(plateifu="8485-1901", daptype="HYB10-MILESHC", release="DR17", **more):
    return {"plateifu": plateifu, "release": release, "daptype": daptype, **more}


def test_unique_names_stand_alone():
    rows = [("a.fits", row()), ("b.fits", row("7443-12703")), ("c.fits", {"error": "is damaged"})]
    assert labels(rows) == keys(rows) == ["8485-1901", "7443-12703", "c.fits"]


@pytest.mark.promise(19)
def test_analyses_of_one_galaxy_are_told_apart():
    """First by the analysis, then by the release, then by the file."""
    rows = [
        ("/a", row()),
        ("/b", row(daptype="VOR10-MILESHC")),
        ("/c", row(daptype="SPX-MILESHC")),
        ("/d", row(daptype="SPX-MILESHC", release="DR16")),
        ("/e", row("7443-12703", source="e")),
        ("/f", row("7443-12703", source="f")),
    ]
    assert labels(rows) == [
        "8485-1901 HYB10-MILESHC",
        "8485-1901 VOR10-MILESHC",
        "8485-1901 DR17 SPX-MILESHC",
        "8485-1901 DR16 SPX-MILESHC",
        "7443-12703 (e)",
        "7443-12703 (f)",
    ]
    assert keys(rows) == labels(rows)


@pytest.mark.promise(19)
def test_unnamed_galaxies_have_the_name_or_path_of_their_file():
    rows = [
        ("/x/one/cube.fits", row(None, None, name="cube", source="one/cube.fits")),
        ("/x/two/cube.fits", row(None, None, name="cube", source="two/cube.fits")),
        ("/x/two/map.fits", row(None, None, name="map", source="two/map.fits")),
        ("/y/two/map.fits", row(None, None, source="two/map.fits")),
    ]
    assert labels(rows) == [
        "cube (one/cube.fits)", "cube (two/cube.fits)", "map", "two/map.fits",
    ]  # fmt: skip
    assert keys(rows) == labels(rows)


@pytest.mark.promise(19)
def test_observations_of_one_galaxy_are_told_apart():
    """Always, so that the names do not change when there are more."""
    rows = [
        (f"/{place}", row(None, binning, None, name="41144", observation=observation))
        for place, (binning, observation) in enumerate(
            [("default", "A"), ("default", "B"), ("adaptive", "C"), ("default", "C")]
        )
    ]
    expected = ["41144 A", "41144 B", "41144 C adaptive", "41144 C default"]
    assert labels(rows) == keys(rows) == expected


@pytest.mark.promise(19)
@pytest.mark.parametrize("names", [keys, labels])
def test_any_names_give_different_lines_of_text(names):
    """Two of each name, from two files."""
    rows = [(f"{n}.fits", row(name)) for name in NAMES.values() for n in (1, 2)]
    found = names([*rows, ("3.fits", row("M\\udce97"))])
    assert len(set(found)) == len(found)
    assert all(one.isprintable() and len(one) <= LONGEST_KEY for one in found)


def test_long_names_keep_both_ends():
    assert shortened("a" * LONGEST_LABEL, LONGEST_LABEL) == "a" * LONGEST_LABEL
    assert shortened("12345678901", 10) == "123456…901"
