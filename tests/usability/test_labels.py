"""Fields and flags are read from MAPS files, arrays and packed files."""

from dataclasses import replace

import numpy as np
import pytest

import mangapa
from mangapa.usability.labels import read_flags, read_labelled, unpack

META = [
    *(("plateifu", "U12"), ("tracer", "U8"), ("ny", "i2"), ("nx", "i2"), ("x_first", "f4")),
    *(("y_first", "f4"), ("vmin", "f4"), ("vmax", "f4"), ("n_valid", "i4")),
]


@pytest.fixture
def packed(tmp_path):
    """Three packed fields of 3 by 5 spaxels; the first spaxels of each are masked."""
    meta = np.array(
        [
            ("8000-1901", "stellar", 3, 5, 1.0, -0.5, -128, 128, 14),
            ("8000-1901", "halpha", 3, 5, 1.0, -0.5, 0, 256, 13),
            ("8001-1901", "stellar", 3, 5, 1.0, -0.5, 0, 512, 12),
        ],
        dtype=META,
    )
    valid = np.concatenate([np.packbits(np.arange(15) >= masked) for masked in (1, 2, 3)])
    codes = np.concatenate([np.arange(n, dtype="u1") for n in meta["n_valid"]])
    np.savez(tmp_path / "velocity_fields.npz", meta=meta, valid=valid, code=codes)
    return tmp_path


def test_fields_are_read_with_their_classes_and_groups(survey):
    labelled = read_labelled(survey)
    flags = read_flags(survey / "labels.csv")
    assert len(labelled.fields) == len(flags) == 59
    assert set(labelled.classes) == {0, 1, 2}
    assert len(set(labelled.groups)) == 15
    expected = [flags[field.galaxy, field.tracer] for field in labelled.fields]
    assert list(zip(labelled.classes, labelled.groups, strict=True)) == expected


def test_flags_that_are_not_a_class_are_reported(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("plateifu,mangaid,stel_qual,halpha_qual\n8000-1901,1-1,1,2\n8001-1901,,3,x\n")
    with pytest.warns(mangapa.MangapaWarning, match="1 in stel_qual, 1 in halpha_qual"):
        flags = read_flags(path)
    assert flags == {
        ("8000-1901", "stellar"): (1, "1-1"),
        ("8000-1901", "halpha"): (2, "1-1"),
    }


def test_without_a_mangaid_the_galaxy_is_the_group(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("galaxy,stel_qual\nNGC1,0\n")
    assert read_flags(path) == {("NGC1", "stellar"): (0, "NGC1")}


def test_a_missing_table_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no catalogue.csv or labels.csv in"):
        read_labelled(tmp_path)


def test_a_table_needs_its_columns(tmp_path):
    (tmp_path / "labels.csv").write_text("id,flag\na,1\n")
    with pytest.raises(ValueError, match=r"must have a column plateifu.*it has id, flag"):
        read_labelled(tmp_path)


def test_a_folder_without_fields_is_an_error(tmp_path):
    (tmp_path / "labels.csv").write_text("plateifu,stel_qual\n8485-1901,1\n")
    with pytest.raises(FileNotFoundError, match="contains no field that the table of flags lists"):
        read_labelled(tmp_path)


def test_a_table_cannot_name_files_outside_the_folder(survey, tmp_path):
    content = (survey / "8002-1901-stellar.npz").read_bytes()
    (tmp_path / "8002-1901-stellar.npz").write_bytes(content)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "labels.csv").write_text("plateifu,stel_qual\n../8002-1901,1\n")
    with pytest.raises(FileNotFoundError, match="contains no field"):
        read_labelled(inside)


def test_packed_fields_have_their_velocities_masks_and_axes(packed):
    stellar, halpha, other = unpack(packed / "velocity_fields.npz")
    assert (stellar.galaxy, stellar.tracer) == ("8000-1901", "stellar")
    assert (halpha.tracer, other.galaxy) == ("halpha", "8001-1901")
    assert [np.sum(~field.good) for field in (stellar, halpha, other)] == [1, 2, 3]
    # A code stands for the middle of its step.
    np.testing.assert_allclose(stellar.velocity.value.flat[1:], np.arange(14) - 127.5)
    np.testing.assert_allclose(other.velocity.value.flat[3:], 2 * np.arange(12) + 1)
    # x decreases with the column, y increases with the row.
    np.testing.assert_allclose(stellar.x.value[0], [1.0, 0.5, 0.0, -0.5, -1.0])
    np.testing.assert_allclose(stellar.y.value[:, 0], [-0.5, 0.0, 0.5])


def test_some_packed_fields_are_the_same_as_of_all(packed):
    everything = list(unpack(packed / "velocity_fields.npz"))
    (last,) = unpack(packed / "velocity_fields.npz", only={2})
    np.testing.assert_array_equal(last.velocity, everything[2].velocity)
    assert last.galaxy == everything[2].galaxy
    assert list(unpack(packed / "velocity_fields.npz", only=set())) == []


def test_packed_fields_are_read_with_their_flags(packed):
    (packed / "catalogue.csv").write_text("plateifu,halpha_qual\n8000-1901,2\n")
    labelled = read_labelled(packed)
    assert [(field.galaxy, field.tracer) for field in labelled.fields] == [("8000-1901", "halpha")]
    assert labelled.classes.tolist() == [2]


@pytest.mark.parametrize(
    "text",
    [
        "plateifu,stel_qual\n8485-1901,1\n",
        "\ufeffplateifu,stel_qual\n8485-1901,1\n",
        "plateifu,stel_qual\n8485-1901,1.0\n",
        " plateifu , stel_qual\n8485-1901 , 1\t\n",
        '"plateifu","stel_qual"\r\n"8485-1901","1"\r\n',
    ],
)
def test_flags_as_spreadsheets_write_them(tmp_path, text):
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8")
    assert read_flags(tmp_path / "labels.csv") == {("8485-1901", "stellar"): (1, "8485-1901")}


def test_analyses_of_one_galaxy_are_fields_of_their_own(tmp_path):
    galaxies = [
        mangapa.simulate_galaxy(plateifu="8000-1901", snr=8, bintype=bintype)
        for bintype in ("SPX", "VOR10")
    ]
    for galaxy in galaxies:
        mangapa.write_maps(galaxy, tmp_path / f"manga-8000-1901-MAPS-{galaxy.daptype}.fits.gz")
    rows = [f"8000-1901 {galaxy.daptype},{i}" for i, galaxy in enumerate(galaxies, start=1)]
    (tmp_path / "labels.csv").write_text("\n".join(["galaxy,halpha_qual", *rows]))
    labelled = read_labelled(tmp_path)
    assert labelled.classes.tolist() == [1, 2]
    assert labelled.groups.tolist() == ["8000-1901", "8000-1901"]
    n_bins = [np.unique(field.bin_id[field.good]).size for field in labelled.fields]
    assert n_bins[0] > 2 * n_bins[1] > 20


def test_flags_without_a_field_are_reported(packed):
    rows = ["8000-1901,2,1", "8001-1901,0,", "NGC 1,2,2"]
    (packed / "labels.csv").write_text("\n".join(["plateifu,stel_qual,halpha_qual", *rows]))
    message = "1 galaxies have flags but no field in .*, such as NGC 1; they are left out"
    with pytest.warns(mangapa.MangapaWarning, match=message):
        assert read_labelled(packed).classes.tolist() == [2, 1, 0]
    assert read_flags(packed / "labels.csv")["NGC 1", "stellar"] == (2, "NGC 1")


def other_survey(name, observation, path, seed=1):
    made = mangapa.simulate_galaxy(n_fibres=19, seed=seed)
    stellar, halpha = (replace(one, galaxy=None) for one in (made.stellar, made.halpha))
    galaxy = mangapa.Galaxy(
        stellar=stellar, halpha=halpha, name=name, observation=observation, survey="Other"
    )
    galaxy.write(path)


def test_files_of_other_surveys_are_named_by_what_they_hold(tmp_path):
    other_survey("NGC 1", "A", tmp_path / "one.fits", seed=1)
    other_survey("NGC 1", "B", tmp_path / "two.ecsv", seed=2)
    other_survey("NGC 2", None, tmp_path / "three.fits", seed=3)
    other_survey("NGC 3", None, tmp_path / "four.fits.gz", seed=4)
    other_survey("NGC 4", None, tmp_path / "unlisted.fits", seed=5)
    table = "name,stel_qual,halpha_qual\nNGC 1 A,2,1\nNGC 1 B,0,\nNGC 2,1,\nfour,2,2\n"
    (tmp_path / "labels.csv").write_text(table)
    labelled = read_labelled(tmp_path)
    found = {
        (field.galaxy, field.tracer): (int(quality), group)
        for field, quality, group in zip(
            labelled.fields, labelled.classes, labelled.groups, strict=True
        )
    }
    assert found == {
        ("NGC 1 A", "stellar"): (2, "NGC 1"),
        ("NGC 1 A", "halpha"): (1, "NGC 1"),
        ("NGC 1 B", "stellar"): (0, "NGC 1"),
        ("NGC 2", "stellar"): (1, "NGC 2"),
        ("four", "stellar"): (2, "NGC 3"),
        ("four", "halpha"): (2, "NGC 3"),
    }


def test_the_groups_of_the_table_come_first(tmp_path):
    other_survey("NGC 1", "A", tmp_path / "one.fits")
    (tmp_path / "labels.csv").write_text("name,group,stel_qual\nNGC 1,pair,2\n")
    assert read_labelled(tmp_path).groups.tolist() == ["pair"]


def test_files_that_are_left_out_are_counted(tmp_path):
    other_survey("NGC 1", "A", tmp_path / "one.fits")
    other_survey("NGC 1", "B", tmp_path / "two.fits")
    (tmp_path / "broken.fits").write_bytes(b"not a file of a galaxy")
    (tmp_path / "labels.csv").write_text("name,stel_qual\nNGC 1,2\n")
    with pytest.warns(mangapa.MangapaWarning) as caught:
        labelled = read_labelled(tmp_path)
    assert len(labelled.fields) == 1
    messages = [str(one.message) for one in caught]
    assert any("1 files in" in one and "such as broken.fits" in one for one in messages)
    assert any("that other files hold, such as two.fits" in one for one in messages)
