import os
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u

import mangapa
from mangapa.archive import plateifu_of, release_table, select
from mangapa.archive._addresses import table_address
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


@pytest.mark.parametrize("text", ["8485-1901", "1-1\n", "../1-1", "1-", ""])
def test_only_a_mangaid_is_looked_up(text):
    with pytest.raises(ValueError, match="must look like 1-209232"):
        plateifu_of(text)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("z < 0.03", ["7443-12703", "8312-12703"]),
        ("z is null", ["7443-1901"]),
        ("plateifu like '8%' and axis_ratio > 0.1", ["8312-12703", "8485-1901"]),
        ("dap_quality & 1073741824 = 0", ["8485-1901"]),
        ("dap_quality is null", ["7443-1901", "8312-12703"]),
        ("abs(dec) > 4 or mangaid = '1-1'", ["7443-1901", "8485-1901"]),
        ("0", []),
    ],
)
def test_select(drpall, dapall, where, expected):
    assert list(select(release_table("DR17"), where)["plateifu"]) == expected


@pytest.mark.parametrize(
    "where",
    [
        "zed < 0.03",
        "z <",
        "1); drop table galaxies; --",
        "1) union select load_extension('x') --",
        "z in (select name from pragma_database_list)",
        "",
    ],
)
def test_select_refuses_anything_but_conditions(drpall, dapall, where):
    with pytest.raises(ValueError, match=r"is not valid .*columns plateifu, mangaid"):
        select(release_table("DR17"), where)
