import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits

import mangapa
from mangapa.archive import plateifu_of, release_table
from mangapa.archive._addresses import table_address
from mangapa.archive._tables import galaxy_row
from mangapa.exceptions import MangapaWarning
from tests.archive_server import write_dapall, write_drpall

GALAXIES = [
    ("8485-1901", "1-209232", 0.04, 1024),
    ("7443-12703", "12-193481", 0.02, 1024),
    ("8312-12703", "12-193481", 0.02, 1024),
    ("7443-1901", "1-1", np.nan, 1024),
    ("7443-702", "3-1", 0.0, 0),
]
DAPTYPE = "HYB10-MILESHC-MASTARSSP"


def path_of(name, release="DR17"):
    return table_address(name, release=release).path


@pytest.fixture
def drpall():
    path = path_of("drpall")
    write_drpall(path, GALAXIES)
    return path


@pytest.fixture
def dapall():
    path = path_of("dapall")
    write_dapall(path, {"8485-1901": 0, "7443-12703": 1 << 30}, DAPTYPE)
    return path


def test_galaxies_with_units(drpall, dapall):
    table = release_table("DR17")
    plateifus = ["7443-12703", "7443-1901", "8312-12703", "8485-1901"]
    assert list(table["plateifu"]) == plateifus
    assert table["ra"].unit == table["photometric_pa"].unit == u.deg
    assert table["effective_radius"].unit == u.arcsec
    np.testing.assert_array_equal(np.isnan(table["z"]), [False, True, False, False])
    np.testing.assert_array_equal(np.isnan(table["axis_ratio"]), [False, True, False, False])
    assert list(table["dap_quality"].mask) == [False, True, True, False]
    assert table["dap_quality"][0] == 1 << 30
    assert all(table[name].info.description for name in table.colnames)
    assert table.meta == {"release": "DR17", "daptype": DAPTYPE}
    table.remove_rows(slice(None))
    assert len(release_table("DR17")) == 4


@pytest.mark.parametrize("plateifu", ["7443-12703", "8485-1901"])
def test_row_of_a_galaxy(drpall, plateifu):
    assert galaxy_row(plateifu, "DR17")["plateifu"] == plateifu
    assert galaxy_row(plateifu, "DR17")["photometric_pa"].unit == u.deg


@pytest.mark.parametrize("plateifu", ["0-0", "7443-702", "8000-1901", "9999-12701"])
def test_no_row_of_what_is_not_a_galaxy_of_the_release(drpall, plateifu):
    assert galaxy_row(plateifu, "DR17") is None


def test_replaced_file_is_read_again(drpall, dapall):
    assert len(release_table("DR17")) == 4
    write_drpall(drpall, GALAXIES[:2])
    os.utime(drpall, ns=(0, drpall.stat().st_mtime_ns + 1_000_000_000))
    assert len(release_table("DR17")) == 2


def test_dapall_of_earlier_releases(drpall):
    write_drpall(path_of("drpall", "DR15"), GALAXIES)
    path = path_of("dapall", "DR15")
    write_dapall(path, {"8485-1901": 4}, "VOR10-GAU-MILESHC", by_extension=False)
    table = release_table("DR15", daptype="VOR10")
    assert table["dap_quality"][-1] == 4
    assert release_table("DR15", daptype="HYB10")["dap_quality"].mask.all()


def test_missing_dapall_masks_its_column(drpall):
    with pytest.warns(MangapaWarning, match=r"dap_quality is masked: .*dapall-v3_1_1-3\.1\.0"):
        table = release_table("DR17")
    assert table["dap_quality"].mask.all()
    assert len(table) == 4


def test_missing_drpall():
    with pytest.raises(FileNotFoundError, match=r"no table .*drpall.*mangapa list --release DR17"):
        release_table("DR17")


def test_damaged(drpall):
    os.truncate(drpall, drpall.stat().st_size - 2880)
    with pytest.raises(OSError, match=r"drpall-v3_1_1\.fits is truncated; .*fetch it again"):
        plateifu_of("1-1", "DR17")


@pytest.mark.filterwarnings("ignore:the column dap_quality")
def test_downloaded_once(archive, tmp_path):
    remote = archive.root / path_of("drpall").relative_to(os.environ["SAS_BASE_DIR"])
    write_drpall(remote, GALAXIES)
    archive.faults[remote.name] = ["short"]
    folder = tmp_path / "tables"
    with mangapa.conf.set_temp("table_folder", str(folder)):
        assert len(release_table("DR17", download=True)) == 4
        n_asked = len(archive.asked)
        assert plateifu_of("1-209232", "DR17", download=True) == "8485-1901"
        assert len(archive.asked) == n_asked
    assert [path.name for path in folder.iterdir()] == [remote.name]
    assert not list(Path(os.environ["SAS_BASE_DIR"]).rglob("*.fits"))


@pytest.mark.promise(14)
@pytest.mark.parametrize("text", ["8485-1901", "1-1\n", "../1-1", "1-", ""])
def test_only_a_mangaid_is_looked_up(text):
    with pytest.raises(ValueError, match="must look like 1-209232"):
        plateifu_of(text)


def test_mangaid_of_another_type():
    with pytest.raises(TypeError, match=r"mangaid=b'1-209232' must be text such as .*not bytes"):
        plateifu_of(b"1-209232")


def test_what_is_wrong_with_a_mangaid(drpall):
    with pytest.raises(ValueError, match="was observed as 7443-12703 and 8312-12703 in DR17; give"):
        plateifu_of("12-193481", "DR17")
    with pytest.raises(ValueError, match=r"is not a galaxy of DR17.*did you mean.*'1-209232'"):
        plateifu_of("01-209232", "DR17")


def cards(**changes):
    """A function that writes other values on cards of a file."""

    def change(content):
        for keyword, value in changes.items():
            start = content.index(f"{keyword:8s}=".encode(), 2880)
            content = (
                content[:start]
                + f"{keyword:8s}= {value}".ljust(80).encode()
                + content[start + 80 :]
            )
        return content

    return change


@pytest.mark.promise(4)
@pytest.mark.parametrize(
    ("damage", "flaw"),
    [
        (lambda content: b"", "is empty"),
        (lambda content: b"<html>log in</html>", "is a web page"),
        (lambda content: content[:-2880], "is truncated"),
        (lambda content: content[:3000], "is truncated"),
        (lambda content: content[:2880], "is damaged"),
        (lambda content: gzip.compress(content)[:-9], "is truncated"),
        (cards(NAXIS2="1000000000000"), "holds or claims more than"),
        (cards(NAXIS2="-5"), "is corrupt .*NAXIS2"),
        (cards(TTYPE1="'plateifx'"), "is damaged .*the columns plateifu, mangaid and mngtarg1"),
        (cards(TTYPE10="'mngtarx1'", TTYPE11="'mngtarx3'"), "is damaged .*mngtarg1 or mngtarg3"),
        (cards(TFORM3="'8A'"), "is damaged .*column objra has values of another kind"),
        (cards(TFORM3="'Q?'"), "is damaged .*Q?"),
        (cards(XTENSION="'IMAGE   '"), "is damaged .*no table"),
        (cards(TFIELDS="11      DATASUM"), "is damaged"),
        (lambda content: content[:-2880] + b"\xff" * 12 + content[-2868:], "is damaged .*ascii"),
    ],
)
def test_every_damage_is_named(drpall, damage, flaw):
    drpall.write_bytes(damage(drpall.read_bytes()))
    with pytest.raises(OSError, match=rf"drpall-v3_1_1\.fits {flaw}.*; (delete|check)"):
        plateifu_of("1-1", "DR17")


@pytest.mark.promise(4)
def test_wrong_checksum(drpall):
    with fits.open(drpall) as hdus:
        hdus.writeto(drpall, overwrite=True, checksum=True)
    content = bytearray(drpall.read_bytes())
    content[-2000] ^= 1
    drpall.write_bytes(content)
    with pytest.raises(OSError, match=r"is damaged \(its checksum is wrong\); delete it"):
        plateifu_of("1-1", "DR17")


@pytest.mark.parametrize("change", [cards(TFORM4="'4A'"), cards(TTYPE2="'KIND'")])
def test_damaged_dapall_masks_its_column(drpall, dapall, change):
    dapall.write_bytes(change(dapall.read_bytes()))
    with pytest.warns(
        MangapaWarning, match=r"dap_quality is masked: .*dapall.* is damaged .*delete"
    ):
        table = release_table("DR17")
    assert table["dap_quality"].mask.all()


@pytest.mark.promise(5)
@pytest.mark.filterwarnings("ignore:the column dap_quality")
def test_damaged_table_is_downloaded_again(archive):
    path = path_of("drpall")
    remote = archive.root / path.relative_to(os.environ["SAS_BASE_DIR"])
    write_drpall(remote, GALAXIES)
    path.parent.mkdir(parents=True)
    path.write_bytes(remote.read_bytes()[:-2880])
    with pytest.raises(OSError, match="is truncated; delete it and fetch it again"):
        plateifu_of("1-209232", "DR17")
    assert plateifu_of("1-209232", "DR17", download=True) == "8485-1901"
    assert path.read_bytes() == remote.read_bytes()


def test_home_in_the_folder_of_the_tables(drpall, dapall):
    (Path.home() / "tables").mkdir()
    for path in (drpall, dapall):
        path.rename(Path.home() / "tables" / path.name)
    with mangapa.conf.set_temp("table_folder", "~/tables"):
        assert len(release_table("DR17")) == 4


@pytest.mark.parametrize("release", [17, b"DR17", Path("DR17"), np.nan])
def test_release_of_another_type(release):
    with pytest.raises(TypeError, match=rf"release=.* must be text.*not {type(release).__name__}"):
        release_table(release)
