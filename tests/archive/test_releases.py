import pytest

from mangapa.archive.releases import MANGA_RELEASES, PLATEIFU, release_named, release_of


@pytest.mark.parametrize("name", ["7443-12703", "8485-1901", "10001-9102"])
def test_plateifu(name):
    assert PLATEIFU.fullmatch(name)


@pytest.mark.parametrize(
    "name",
    [
        "../..",
        "8485-1901\n",
        "8485-1801",
        "٨٤٨٥-1901",
        "8485-190",
        "",
        "8485/1901",
        "1-209232",
        "08485-1901",
    ],
)
def test_not_a_plateifu(name):
    assert not PLATEIFU.fullmatch(name)


def test_names_of_releases_are_unique():
    names = [name for release in MANGA_RELEASES for name in (release.name, *release.aliases)]
    assert len(set(names)) == len(names)
    assert release_named("MPL-11") is release_named("DR17")


def test_unknown_release_names_the_known_ones():
    with pytest.raises(ValueError, match=r"release='DR99' is not known; choose one of DR17"):
        release_named("DR99")


@pytest.mark.parametrize(
    ("name", "meant"),
    [("dr17", "DR17"), ("17", "DR17"), ("DR 17", "DR17"), ("MPL11", "MPL-11"), ("mpl_7", "MPL-7")],
)
def test_misspelt_release(name, meant):
    with pytest.raises(ValueError, match=rf"is not known \(did you mean '{meant}'\?\); choose one"):
        release_named(name)


@pytest.mark.parametrize("name", [17, None, b"DR17"])
def test_release_of_another_type(name):
    with pytest.raises(TypeError, match=rf"must be text such as 'DR17', not {type(name).__name__}"):
        release_named(name)


def test_release_from_versions():
    assert release_of({"VERSDRP3": "v2_4_3 ", "VERSDAP": "2.2.1"}).name == "DR15"
    assert release_of({"VERSDRP3": "v9_9_9", "VERSDAP": "2.2.1"}) is None
