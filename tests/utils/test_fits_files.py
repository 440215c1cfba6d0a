import bz2
import gzip
import io
import lzma
import re
import time

import numpy as np
import pytest
from astropy.io import fits

from mangapa import MapsFileError
from mangapa._utils.fits_files import FITS_BLOCK, MOST_CARDS, open_fits, read_fits, scan_fits

FORMS = pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])


def card(keyword, value):
    return f"{keyword:8}= {value:>20}".ljust(80).encode()


def header(*cards):
    """The cards, END and blanks up to the end of a block."""
    content = b"".join(cards) + b"END".ljust(80)
    return content + b" " * (-len(content) % FITS_BLOCK)


def extension(name="A", data=bytes(FITS_BLOCK), **changed):
    """An image of 10 x 10 numbers, with cards that are changed or, if None, left out."""
    cards = {"XTENSION": "'IMAGE   '", "BITPIX": -32, "NAXIS": 2, "NAXIS1": 10, "NAXIS2": 10}
    cards |= {"PCOUNT": 0, "GCOUNT": 1, "EXTNAME": f"'{name}'"} | changed
    return header(*(card(key, value) for key, value in cards.items() if value is not None)) + data


PRIMARY = header(card("SIMPLE", "T"), card("BITPIX", 8), card("NAXIS", 0))
SOUND = PRIMARY + extension()


@pytest.fixture
def file(tmp_path):
    """A function that writes a file and returns its path."""

    def write(content):
        path = tmp_path / "a.fits"
        path.write_bytes(content)
        return path

    return write


@FORMS
@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (PRIMARY, None),
        (SOUND, None),
        (SOUND + bytes(1000), None),
        (SOUND + bytes(4 << 20), None),
        (SOUND[:-1], "is truncated"),
        (SOUND[: -FITS_BLOCK - 1], "is truncated"),
        (PRIMARY[:-1], "is truncated"),
        (b"", "is empty"),
        (b"  <!DOCTYPE html>", "is a web page saved under the name of a file"),
        (b"plateifu,pa\n", "is not a FITS file"),
        (b"\x89PNG\r\n\x1a\n", "is not a FITS file"),
        (SOUND + b"junk", "is corrupt (after extension A)"),
        (SOUND + bytes(FITS_BLOCK) + b"junk", "is corrupt (after extension A)"),
        (PRIMARY + b" " * (MOST_CARDS * 80 + FITS_BLOCK), "is corrupt (after extension PRIMARY)"),
        (PRIMARY[:-FITS_BLOCK] + b"SIMPLE  =".ljust(MOST_CARDS * 81), "is corrupt (no card END)"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)
def test_flaws_of_content(file, content, flaw, compress):
    assert read_fits(file(compress(content))).flaw == flaw


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_twice(file, compress):
    found = read_fits(file(gzip.compress(compress(SOUND))))
    assert (found.flaw, found.remedy) == ("is compressed twice", "unpack it once")


@pytest.mark.promise(22)
@FORMS
@pytest.mark.parametrize(
    ("cards", "flaw"),
    [
        ({"NAXIS1": -10}, r"is corrupt \(card NAXIS1 of extension A\)"),
        ({"NAXIS1": "10.5"}, r"is corrupt \(card NAXIS1 of extension A\)"),
        ({"NAXIS2": None}, r"is corrupt \(card NAXIS2 of extension A\)"),
        ({"PCOUNT": -1}, r"is corrupt \(card PCOUNT of extension A\)"),
        ({"GCOUNT": "'one'"}, r"is corrupt \(card GCOUNT of extension A\)"),
        ({"NAXIS": None}, r"is corrupt \(card NAXIS of extension A\)"),
        ({"BITPIX": 7}, r"is corrupt \(BITPIX = 7\)"),
        ({"NAXIS": 999999999999}, r"is corrupt \(NAXIS = 999999999999\)"),
        ({"NAXIS1 ": 10}, r"is corrupt \(two cards NAXIS1\)"),
        ({"NAXIS1": 10**12}, "holds or claims more than .* MiB"),
        ({"NAXIS2": "9" * 20}, "holds or claims more than .* MiB"),
        ({"NAXIS1": 1000}, "is truncated"),
    ],
    ids=str,
)
def test_structure_is_checked_before_anything_is_read(file, cards, flaw, compress):
    start = time.process_time()
    found = read_fits(file(compress(PRIMARY + extension(**cards))))
    assert time.process_time() - start < 1
    assert re.search(flaw, str(found.flaw))


@pytest.mark.promise(22)
def test_most_that_is_kept(file):
    content = PRIMARY + extension(NAXIS1=20_000, NAXIS2=20_000)
    found = read_fits(file(content), keep=lambda hdu: hdu.name == "A")
    assert found.flaw == "claims more than 1024 MiB of maps"
    assert read_fits(file(content)).flaw == "is truncated"


def test_only_what_is_wanted_is_kept(file):
    content = PRIMARY + extension("A") + extension("B") + extension("C")
    found = read_fits(file(content), keep=lambda hdu: hdu.name in ("PRIMARY", "B"))
    assert [hdu.name for hdu in found.hdus] == ["PRIMARY", "A", "B", "C"]
    assert found.content == PRIMARY + extension("B")
    assert read_fits(file(content)).content == b""


def test_bytes_behind_the_last_card_of_a_header_are_replaced(file):
    damaged = bytearray(SOUND)
    damaged[FITS_BLOCK - 5] = 7
    assert read_fits(file(damaged), keep=lambda hdu: True).content == SOUND


@pytest.mark.promise(4)
@FORMS
def test_checksums_of_what_is_kept(file, compress):
    data = np.arange(720, dtype=">u4")
    data[:2] = 0xFFFFFFFF, 0xFFFFFFFE
    hdu = fits.ImageHDU(data.astype(">i4"))
    hdu.add_datasum()
    content = PRIMARY + extension(data=data.tobytes(), DATASUM=f"'{hdu.header['DATASUM']}'")
    assert read_fits(file(compress(content)), keep=lambda hdu: True).flaw is None
    damaged = bytearray(content)
    damaged[-1000] ^= 1
    damaged = compress(bytes(damaged))
    found = read_fits(file(damaged), keep=lambda hdu: True)
    assert found.flaw == "is corrupt (checksum of extension A)"
    assert read_fits(file(damaged), keep=lambda hdu: hdu.name == "PRIMARY").flaw is None


def test_checksum_that_was_copied_to_where_there_are_no_data(file):
    cards = [card("SIMPLE", "T"), card("BITPIX", 8), card("NAXIS", 0), card("DATASUM", "'7'")]
    assert read_fits(file(header(*cards) + extension()), keep=lambda hdu: True).flaw is None


@pytest.mark.parametrize("checksum", ["'        '", "'n/a'", 5])
def test_checksum_that_is_none(file, checksum):
    content = PRIMARY + extension(DATASUM=checksum)
    assert read_fits(file(content), keep=lambda hdu: True).flaw is None


@pytest.mark.promise(4)
@pytest.mark.parametrize(
    ("damage", "flaw"),
    [
        (lambda packed: packed[:-9], "is truncated"),
        (lambda packed: packed[:-8] + b"\0" + packed[-7:], "is corrupt (CRC check failed"),
        (lambda packed: packed + b"more" * 9, "is corrupt (Not a gzipped file"),
        (lambda packed: packed + packed[:9], "is truncated"),
        (lambda packed: packed[:30] + b"\xff\xff" + packed[32:], "is corrupt (Error -"),
    ],
    ids=["cut", "checksum", "rubbish behind", "cut member behind", "bad block"],
)
def test_flaws_of_compression(file, damage, flaw):
    content = PRIMARY + extension(data=np.random.default_rng(0).bytes(FITS_BLOCK))
    assert read_fits(file(damage(gzip.compress(content)))).flaw.startswith(flaw)


def test_members_of_a_gzip_file_are_read_one_after_the_other(file):
    path = file(gzip.compress(PRIMARY) + gzip.compress(extension()))
    assert read_fits(path, keep=lambda hdu: True).content == SOUND


def test_scan_reads_no_further_than_it_is_asked_to(file):
    scan = scan_fits(file(PRIMARY + extension("B") + b"junk"))
    assert [next(scan).name, next(scan).name] == ["PRIMARY", "B"]
    scan.close()


def kept(file, content):
    """The second HDU of a file, kept."""
    return read_fits(file(content), keep=lambda hdu: True).hdus[1]


def written(hdu):
    """A FITS file with one extension."""
    content = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(content)
    return content.getvalue()


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "i8", "f4", "f8"])
@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 4)])
def test_images_are_those_of_astropy(file, dtype, shape):
    image = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    found = kept(file, written(fits.ImageHDU(image))).data
    np.testing.assert_array_equal(found, image)
    assert found.dtype.kind == image.dtype.kind


@pytest.mark.parametrize(
    "cards", [{"BSCALE": 2.0}, {"BZERO": 5.0}, {"BLANK": 3}, {"BSCALE": 0.5, "BLANK": 0}]
)
def test_values_that_the_header_changes(file, cards):
    content = PRIMARY + extension(data=np.arange(720, dtype=">i4").tobytes(), BITPIX=32, **cards)
    with fits.open(file(content)) as hdus:
        expected = hdus[1].data
    np.testing.assert_array_equal(kept(file, content).data, expected)


def test_compressed_images_are_images(file):
    image = np.arange(100, dtype="i4").reshape(10, 10)
    np.testing.assert_array_equal(kept(file, written(fits.CompImageHDU(image))).data, image)


def test_tables_and_extensions_without_data_have_no_image(file):
    column = fits.Column("A", "E", array=np.zeros(3))
    assert kept(file, written(fits.BinTableHDU.from_columns([column]))).data is None
    assert kept(file, written(fits.ImageHDU())).data is None


def test_an_image_that_was_not_kept_is_none(file):
    content = written(fits.ImageHDU(np.ones((3, 4))))
    assert read_fits(file(content), keep=lambda hdu: hdu.name == "PRIMARY").hdus[1].data is None


def test_header_without_cards_that_cannot_be_used(file):
    hdu = fits.ImageHDU(np.zeros((2, 2)), name="A")
    content = written(hdu).replace(b"EXTNAME = 'A       '", b"EXTNAME = 'B\xe9      '")
    content = content.replace(b"PCOUNT  =                    0", b"CRVAL1  =                  1,5")
    header = kept(file, content).header
    assert header["EXTNAME"] == "B?"
    assert header["CRVAL1"] == "unreadable"
    assert "NAXIS2" in header


def test_values_of_text_cards(file):
    content = PRIMARY + extension("it''s   ", EMPTY="'        '", NUMBER=5)
    _, hdu = scan_fits(file(content))
    assert hdu.name == "IT'S"
    assert [hdu.text(card) for card in ("EMPTY", "NUMBER", "ABSENT")] == ["", "", ""]


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image.fits"
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU([[1.0]], name="A")]).writeto(path)
    return path


@pytest.mark.promise(4)
@pytest.mark.parametrize("in_memory", [False, True])
def test_errors_name_path_and_remedy(image, in_memory):
    content = image.read_bytes()[:-FITS_BLOCK]
    image.write_bytes(content)
    with (
        pytest.raises(MapsFileError, match=r"image\.fits is truncated; check that it is whole"),
        open_fits(image, content if in_memory else None, error_class=MapsFileError) as hdus,
    ):
        assert hdus["A"].data is not None


def test_absent_extension_is_damage(image):
    with (
        pytest.raises(
            OSError, match=r"image\.fits is damaged \(.*'B' not found.*\); check that it"
        ),
        open_fits(image) as hdus,
    ):
        hdus["B"]


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        ((b"XTENSION= 'IMAGE   '", b"XTENSION= 'unbalan "), "is damaged"),
        ((b"NAXIS1  =  ", b"NAXIS1  = x"), "is damaged"),
    ],
)
def test_what_astropy_raises_or_warns_of_is_one_error(image, damage, match):
    image.write_bytes(image.read_bytes().replace(*damage))
    with pytest.raises(OSError, match=match), open_fits(image) as hdus:
        np.asarray(hdus[1].data).sum()


def test_warnings_of_astropy_are_silent(image):
    content = bytearray(image.read_bytes())
    content[FITS_BLOCK - 5] = ord("x")
    image.write_bytes(content)
    with open_fits(image) as hdus:
        assert hdus["A"].data == 1


def test_errors_of_mangapa_pass(image):
    with pytest.raises(MapsFileError, match=r"^the reason$"), open_fits(image):
        raise MapsFileError("the reason")
