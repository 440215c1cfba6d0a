import gzip

import numpy as np
import pytest
from astropy.table import QTable

import mangapa
from mangapa.catalogue import tabulate
from mangapa.catalogue.columns import catalogue_columns


@pytest.fixture(scope="module")
def table(galaxy):
    fields = {"stellar": galaxy.stellar, "plateifu": galaxy.plateifu}
    return tabulate(
        mangapa.Measurement(
            galaxy=mangapa.Galaxy(**fields),
            stellar=mangapa.KinematicPA(pa=pa, method="none"),
            halpha=mangapa.KinematicPA(flags=mangapa.PAFlags.NO_MAP),
            misalignment=mangapa.misalignment(pa, np.nan),
        )
        for pa in np.array([10.25, 350]) * mangapa.KinematicPA().pa.unit
    )


def test_columns_have_units_and_descriptions(table):
    for column in catalogue_columns():
        assert table[column.name].info.description == column.description
        assert table[column.name].info.unit == column.unit


FORMATS = [
    "ecsv",
    "fits",
    "vot",
    pytest.param("parquet", marks=pytest.mark.needs_pyarrow),
    "csv",
]


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.filterwarnings("ignore:.*CSV keeps no units")
def test_what_is_written_is_read_back(table, tmp_path, suffix):
    path = mangapa.write_catalogue(table, tmp_path / f"all.{suffix}")
    back = mangapa.read_catalogue(path)
    assert back.colnames == table.colnames
    if suffix != "csv":
        assert back.meta == table.meta
    for name in table.colnames:
        one, other = table[name], back[name]
        assert type(one) is type(other), name
        assert np.array_equal(np.ma.getmaskarray(one), np.ma.getmaskarray(other)), name
        np.testing.assert_array_equal(one, other, err_msg=name)
        for attribute in ("unit", "description", "format"):
            assert getattr(one.info, attribute) == getattr(other.info, attribute), name
        assert one.dtype.kind == other.dtype.kind, name


def test_csv_warns_of_what_it_loses(table, tmp_path):
    with pytest.warns(mangapa.MangapaWarning, match=r"all\.csv: CSV keeps no units"):
        mangapa.write_catalogue(table, tmp_path / "all.csv")


def test_votable_has_ucds(table, tmp_path):
    from astropy.io.votable import parse, validate

    path = mangapa.write_catalogue(table, tmp_path / "all.vot")
    fields = {field.name: field for field in parse(str(path)).get_first_table().fields}
    assert fields["stellar_pa"].ucd == "pos.posAng"
    assert fields["plateifu"].ucd == "meta.id;meta.main"
    assert str(fields["stellar_pa"].unit) == "deg"
    assert all(field.ucd for field in fields.values())
    assert validate(str(path), output=None)


def test_measurements_are_written_without_a_table(galaxy, tmp_path):
    one = mangapa.measure(galaxy)
    for given, number in ((one, 1), ([one, one], 2), (iter([one]), 1), ((), 0)):
        path = mangapa.write_catalogue(given, tmp_path / "some.fits")
        back = mangapa.read_catalogue(path)
        assert len(back) == number
        assert back.colnames == [column.name for column in catalogue_columns()]
        assert back["stellar_pa"].value.tolist() == [one.stellar.pa.value] * number
    with pytest.raises(TypeError, match="holds 3; all of them must be Measurement objects"):
        mangapa.write_catalogue([one, 3], path)
    assert len(mangapa.read_catalogue(path)) == 0


def test_no_galaxy_gives_an_empty_table():
    empty = tabulate([])
    assert len(empty) == 0
    assert empty.colnames == [column.name for column in catalogue_columns()]


@pytest.mark.promise(9)
def test_failed_write_keeps_the_old_file(table, tmp_path, monkeypatch):
    path = mangapa.write_catalogue(table, tmp_path / "all.ecsv")
    before = path.read_bytes()

    def write_half(self, target, **options):
        target.write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(QTable, "write", write_half)
    with pytest.raises(OSError, match="disk full"):
        mangapa.write_catalogue(table, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_other_files_are_refused(table, tmp_path):
    with pytest.raises(ValueError, match=r"all.xls' must end in .ecsv, .fits, .vot"):
        mangapa.write_catalogue(table, tmp_path / "all.xls")
    with pytest.raises(FileNotFoundError, match=r"there is no catalogue .*none\.ecsv"):
        mangapa.read_catalogue(tmp_path / "none.ecsv")
    for suffix in ("ecsv", "fits", "vot"):
        path = tmp_path / f"no.{suffix}"
        path.write_text("<html>")
        with pytest.raises(
            OSError, match=rf"no\.{suffix} is not a {suffix} catalogue .*; write it again"
        ):
            mangapa.read_catalogue(path)


def damaged(table, path, *changes):
    """A catalogue with a part of its text or bytes replaced."""
    content = mangapa.write_catalogue(table, path).read_bytes()
    for old, new in changes:
        assert old in content
        content = content.replace(old, new, 1)
    path.write_bytes(content)
    return path


@pytest.mark.promise(4)
@pytest.mark.parametrize(
    ("suffix", "old", "new"),
    [
        ("fits", b"TFORM3", b"TFORM\x01"),
        ("fits", b"NAXIS2  =                    2", b"NAXIS2  =                    x"),
        ("fits", b"SIMPLE  =", b"SIMPLX  ="),
        ("fits", b"TFIELDS =", b"\0FIELDS ="),
        ("fits", b"TTYPE5  =", b"TTYPE5  \xff"),
        ("ecsv", b"datatype: float64", b"datatype: [float64"),
        ("ecsv", b"# %ECSV 1.0", b"# %ECSV x"),
        ("ecsv", b"{name: plateifu", b"{name: !!python/name:os.system plateifu"),
        ("vot", b"<TABLE>", b"<TABLE"),
        ("vot", b'name="MANGAPA"', b'name="other"'),
        pytest.param("parquet", b"PAR1", b"", marks=pytest.mark.needs_pyarrow),
    ],
)
def test_damage_of_any_kind_is_named(table, tmp_path, suffix, old, new):
    path = damaged(table, tmp_path / f"all.{suffix}", (old, new))
    expected = rf"all\.{suffix} is not a {suffix} catalogue \(.*\); write it again"
    with pytest.raises(OSError, match=f"(?s){expected}"):
        mangapa.read_catalogue(path)


@pytest.mark.parametrize("suffix", ["csv", "ecsv"])
@pytest.mark.parametrize("page", ["<!DOCTYPE html>\n<p>a,b</p>\n", "\ufeff \n<html>\n", ""])
def test_a_web_page_is_not_a_catalogue(tmp_path, suffix, page):
    path = tmp_path / f"all.{suffix}"
    path.write_text(page, encoding="utf-8")
    with pytest.raises(OSError, match=rf"all\.{suffix} is not a {suffix} catalogue"):
        mangapa.read_catalogue(path)


@pytest.mark.parametrize("prefix", ["", "v:"])
def test_data_elsewhere_are_never_opened(table, tmp_path, prefix, monkeypatch):
    import urllib.request

    def refuse(*arguments, **options):
        raise AssertionError(arguments)

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    secret = tmp_path / "secret"
    secret.write_bytes(b"\0" * 100)
    path = tmp_path / "all.vot"
    path.write_text(
        '<?xml version="1.0"?><{p}VOTABLE version="1.4" xmlns{s}="http://www.ivoa.net/xml/VOTable/'
        'v1.3"><{p}RESOURCE><{p}TABLE><{p}FIELD name="a" datatype="double"/><{p}DATA><{p}BINARY>'
        '<{p}STREAM href="file://{secret}"/></{p}BINARY></{p}DATA></{p}TABLE></{p}RESOURCE>'
        "</{p}VOTABLE>".format(p=prefix, s=":v" if prefix else "", secret=secret)
    )
    with pytest.raises(OSError, match=r"all\.vot is not .* \(its data are elsewhere, in file:///"):
        mangapa.read_catalogue(path)


def test_paths_may_be_of_any_kind(table, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "all.ecsv"
    for given in ("~/all.ecsv", str(path), path, str(path).encode(), np.str_(path)):
        assert mangapa.write_catalogue(table, given) == path
        assert len(mangapa.read_catalogue(given)) == 2
        path.unlink()
    with pytest.raises(TypeError, match="path must be a path, not int: 3"):
        mangapa.write_catalogue(table, 3)
    with pytest.raises(TypeError, match="path must be a path, not float"):
        mangapa.read_catalogue(3.0)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_compressed_file_is_not_unpacked(tmp_path, suffix):
    path = tmp_path / f"all.{suffix}"
    path.write_bytes(gzip.compress(b"plateifu\n8485-1901\n"))
    with pytest.raises(OSError, match=rf"all\.{suffix} is not a {suffix} catalogue \(it is compr"):
        mangapa.read_catalogue(path)


@pytest.mark.slow
@pytest.mark.promise(4)
@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.filterwarnings("ignore:.*CSV keeps no units")
def test_any_damage_is_a_documented_error(table, tmp_path, suffix):
    """No other exception, and no warning, from files with flipped bits, holes and other ends."""
    whole = mangapa.write_catalogue(table, tmp_path / f"all.{suffix}").read_bytes()
    path, rng, refused = tmp_path / f"damaged.{suffix}", np.random.default_rng(1), 0
    for number in range(200):
        content, place = bytearray(whole), rng.integers(len(whole))
        if number % 4 == 0:
            content[place] ^= 1 << rng.integers(8)
        elif number % 4 == 1:
            del content[place:]
        else:
            other = rng.integers(len(whole)) if number % 4 == 2 else place + 40
            content[place : place + 40] = content[other : other + 40]
        path.write_bytes(content)
        try:
            mangapa.read_catalogue(path)
        except OSError:
            refused += 1
    assert 50 < refused < 200
