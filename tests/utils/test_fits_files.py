import gzip

import pytest
from astropy.io import fits

from mangapa import MapsFileError
from mangapa._utils.fits_files import FITS_BLOCK, READ_SIZE, open_fits, read_fits

SOUND = b"SIMPLE  =" + b" " * (FITS_BLOCK - 9)
LONG = SOUND + bytes(FITS_BLOCK * (READ_SIZE // FITS_BLOCK + 1))


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (SOUND, None),
        (LONG, None),
        (LONG[:-1], "is truncated"),
        (SOUND[:-1], "is truncated"),
        (b"", "is empty"),
        (b"  <!DOCTYPE html>", "is a web page saved under the name of a file"),
        (b"plateifu,pa\n", "is not a FITS file"),
    ],
)
def test_flaws_of_content(tmp_path, content, flaw, compress, keep):
    path = tmp_path / "file"
    path.write_bytes(compress(content))
    found = read_fits(path, keep=keep)
    assert found.flaw == flaw
    assert found.content == (content if keep else content[:READ_SIZE])
    assert found.is_compressed == (compress is gzip.compress)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(
    ("damage", "flaw"),
    [
        (lambda packed: packed[:-9], "is truncated"),
        (lambda packed: packed[:-8] + b"\0" + packed[-7:], "is corrupt (CRC check failed"),
        (lambda packed: packed + b"more", "is corrupt (Not a gzipped file"),
        (lambda packed: packed[:30] + b"\xff\xff" + packed[32:], "is corrupt (Error -3"),
    ],
    ids=["cut", "checksum", "rubbish behind", "bad block"],
)
def test_flaws_of_compression(tmp_path, damage, flaw, keep):
    path = tmp_path / "file.fits.gz"
    path.write_bytes(damage(gzip.compress(LONG)))
    assert read_fits(path, keep=keep).flaw.startswith(flaw)


def test_members_of_a_gzip_file_are_read_one_after_the_other(tmp_path):
    path = tmp_path / "file.fits.gz"
    path.write_bytes(gzip.compress(SOUND) + gzip.compress(SOUND))
    assert read_fits(path).content == SOUND + SOUND


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image.fits"
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU([[1.0]], name="A")]).writeto(path)
    return path


@pytest.mark.parametrize("in_memory", [False, True])
def test_errors_name_path_and_remedy(image, in_memory):
    content = image.read_bytes()[:-FITS_BLOCK]
    image.write_bytes(content)
    with (
        pytest.raises(MapsFileError, match=r"image\.fits is truncated; delete it and fetch it"),
        open_fits(image, content if in_memory else None, error_class=MapsFileError) as hdus,
    ):
        assert hdus["A"].data is not None


def test_absent_extension_is_damage(image):
    with (
        pytest.raises(OSError, match=r"image\.fits is damaged \(.*'B' not found.*\); delete it"),
        open_fits(image) as hdus,
    ):
        hdus["B"]


def test_errors_of_mangapa_pass(image):
    with pytest.raises(MapsFileError, match=r"^the reason$"), open_fits(image):
        raise MapsFileError("the reason")
