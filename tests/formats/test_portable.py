"""A galaxy of any survey is written to one file, and reads back equal."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits

import mangapa
from mangapa import Galaxy, VelocityField
from mangapa.exceptions import GalaxyFileError
from mangapa.formats import read_galaxy
from tests.formats.shaped import WRITERS
from tests.formats.shaped.scene import Scene

SUFFIXES = pytest.mark.parametrize("suffix", ["fits", "fits.gz", "ecsv"])
LIGHT = ("dispersion", "dispersion_ivar", "instrumental_dispersion", "flux")
MAPS = ("velocity", "x", "y", "mask", "ivar", "bin_id", "rejection", *LIGHT)


def assert_equal_fields(one, other):
    """All maps are the same, bit for bit."""
    assert (one is None) == (other is None)
    if one is None:
        return
    assert (one.tracer, one.galaxy) == (other.tracer, other.galaxy)
    for name in MAPS:
        left, right = getattr(one, name), getattr(other, name)
        assert (left is None) == (right is None), name
        if left is not None:
            np.testing.assert_array_equal(left, right, err_msg=name)
            assert left.dtype == right.dtype, name
            assert getattr(left, "unit", None) == getattr(right, "unit", None)


def list_of_bins():
    """Bin centres of the stars without errors, and a map of the gas."""
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-9, 9, (2, 50))
    stars = VelocityField.from_arrays(np.where(x > 8, np.nan, 20 * x), x, y, galaxy="NGC 1")
    y, x = np.mgrid[-5:6.0, 5:-6:-1.0]
    light = {"dispersion": np.where(x > 4, np.nan, 90 + y), "dispersion_ivar": 0.1 + x**2}
    light |= {"instrumental_dispersion": np.where(y > 4, np.nan, 60.0), "flux": np.exp(-x)}
    gas = VelocityField.from_arrays(
        10 * x, x, y, ivar=np.full(x.shape, 0.1), bin_id=np.arange(121).reshape(11, 11),
        tracer="halpha", galaxy="NGC 1", **light,
    )  # fmt: skip
    return Galaxy(
        stellar=stars,
        halpha=gas,
        name="NGC 1",
        survey="Nearby",
        observation="B",
        redshift=0.0123456789012345,
        centre=SkyCoord(359.999999 * u.deg, -89.5 * u.deg),
        header={"OBJECT": "NGC 1", "EXPTIME": 900.0},
    )


@SUFFIXES
@pytest.mark.parametrize("make", [list_of_bins, None], ids=["any", "MaNGA"])
def test_galaxy_reads_back_equal(make, suffix, galaxy, tmp_path):
    written = make() if make else galaxy
    path = tmp_path / f"some.{suffix}"
    written.write(path)
    read = Galaxy.read(path)
    for tracer in ("stellar", "halpha"):
        assert_equal_fields(read.tracer(tracer), written.tracer(tracer))
    for name in ("name", "survey", "observation", "plateifu", "mangaid", "release", "daptype"):
        assert getattr(read, name) == getattr(written, name)
    assert read.redshift == written.redshift
    if written.centre is None:
        assert read.centre is None
    else:
        assert read.centre.separation(written.centre) < 1e-6 * u.arcsec
    cards = fits.Header(written.header).copy(strip=True)
    assert {card: read.header[card] for card in cards} == dict(cards)
    assert mangapa.fit_pa(read.halpha).pa == mangapa.fit_pa(written.halpha).pa


@pytest.mark.parametrize("suffix", ["fits", "ecsv"])
def test_a_galaxy_without_light_is_written_as_by_earlier_versions(suffix, tmp_path):
    path = tmp_path / f"some.{suffix}"
    with_light = list_of_bins()
    without = replace(with_light.halpha, **dict.fromkeys(LIGHT))
    for galaxy, layout in ((replace(with_light, halpha=without), 1), (with_light, 2)):
        galaxy.write(path, overwrite=True)
        content = path.read_bytes()
        assert (b"dispersion" in content.lower()) == (layout == 2)
        words = b"MGPFILE =                    %d" if suffix == "fits" else b"MGPFILE: %d"
        assert words % layout in content
        assert_equal_fields(Galaxy.read(path).halpha, galaxy.halpha)


@SUFFIXES
@pytest.mark.parametrize("survey", WRITERS)
def test_a_galaxy_of_any_survey_is_recognised_as_written(survey, suffix, tmp_path):
    written = read_galaxy(WRITERS[survey](Scene(error=2.0), tmp_path))
    # Headers of surveys are longer than the beginning of a file.
    header = fits.Header(written.header)
    header.extend([(f"KEY{i}", i, "of the telescope") for i in range(300)])
    written = replace(written, header=header)
    path = tmp_path / f"written.{suffix}"
    written.write(path)
    read = read_galaxy(path)
    assert (read.name, read.redshift) == (written.name, written.redshift)
    for tracer in ("stellar", "halpha"):
        assert_equal_fields(read.tracer(tracer), written.tracer(tracer))


@SUFFIXES
def test_cleaned_galaxy_keeps_why_spaxels_were_rejected(suffix, galaxy, tmp_path):
    cleaned = mangapa.measure(galaxy).galaxy
    cleaned.write(tmp_path / f"clean.{suffix}")
    read = Galaxy.read(tmp_path / f"clean.{suffix}")
    assert_equal_fields(read.halpha, cleaned.halpha)


def test_one_field_is_enough(galaxy, tmp_path):
    only = Galaxy(halpha=galaxy.halpha)
    only.write(tmp_path / "gas.ecsv")
    assert Galaxy.read(tmp_path / "gas.ecsv").stellar is None
    Galaxy(name="none").write(tmp_path / "none.ecsv")
    assert repr(Galaxy.read(tmp_path / "none.ecsv")) == "<Galaxy none: no map>"


@SUFFIXES
def test_existing_file_is_kept(suffix, galaxy, tmp_path):
    path = tmp_path / f"some.{suffix}"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        galaxy.write(path)
    assert path.read_text() == "mine"
    galaxy.write(path, overwrite=True)
    assert Galaxy.read(path).name == galaxy.name


def test_other_names_need_a_format(galaxy, tmp_path):
    with pytest.raises(ValueError, match=r"must end in one of \.fits, \.fits\.gz, \.ecsv"):
        galaxy.write(tmp_path / "some.dat")
    with pytest.raises(ValueError, match="format='manga' is not one that can be written"):
        galaxy.write(tmp_path / "some.dat", format="manga")
    galaxy.write(tmp_path / "some.dat", format="mangapa-fits")
    assert Galaxy.read(tmp_path / "some.dat").plateifu == galaxy.plateifu


@pytest.mark.parametrize("share", [0.999, 0.6, 0.2])
def test_truncated_fits_file_is_refused(share, galaxy, tmp_path):
    path = tmp_path / "some.fits.gz"
    galaxy.write(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(OSError, match="truncated"):
        Galaxy.read(path, format="mangapa-fits")


def test_damaged_table_is_refused(galaxy, tmp_path):
    path = tmp_path / "some.ecsv"
    galaxy.write(path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-100]))
    with pytest.raises(GalaxyFileError, match="not a whole table of a galaxy"):
        Galaxy.read(path)


def test_later_layout_is_refused(galaxy, tmp_path):
    path = tmp_path / "some.fits.gz"
    galaxy.write(path)
    with fits.open(path) as hdus:
        hdus[0].header["MGPFILE"] = 3
        hdus.writeto(tmp_path / "later.fits")
    with pytest.raises(GalaxyFileError, match="update mangapa"):
        Galaxy.read(tmp_path / "later.fits")


def test_file_is_whole_or_absent(galaxy, tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(fits.HDUList, "writeto", fail)
    with pytest.raises(OSError, match="disk full"):
        galaxy.write(tmp_path / "some.fits")
    assert list(tmp_path.iterdir()) == []
