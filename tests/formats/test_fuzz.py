"""Thousands of damaged MAPS files: an error in words or sound numbers, quickly."""

import bz2
import gzip
import io
import lzma
import signal
import warnings
import zipfile

import numpy as np
import pytest
from astropy.io import fits
from peak_memory import forget_peak, peak

import mangapa

pytestmark = [pytest.mark.slow, pytest.mark.promise(4)]

FILES_PER_SEED = 100
#: Every so many files, one that can be read is measured.
MEASURED = 3
SECONDS, MEMORY = 5, 500e6
ODD_VALUES = (
    *(b"NaN", b"1E400", b"-1E400", b"-1", b"0", b"T", b"F", b"'text'", b"", b"1,5", b"9" * 30),
    *(
        b"'unbalanced",
        b"-999.0",
        b"1E-320",
        b"(1.0, 2.0)",
        b"'\0'",
        b"'\xe9'",
        b"1D10",
        b"=",
        b"''",
    ),
    *(b"1E300", b"-34", b"2.5", b"'../x'", b"'<img src=x>'", b"16777217", b"'A''B'", b"&", b"/"),
)
#: Cards whose value the readers use.
USED_CARDS = (
    *(b"BITPIX  ", b"NAXIS   ", b"NAXIS1  ", b"NAXIS2  ", b"NAXIS3  ", b"EXTNAME ", b"XTENSION"),
    *(b"PLATEIFU", b"MANGAID ", b"VERSDRP3", b"VERSDAP ", b"DAPTYPE ", b"DAPFRMT ", b"REFF    "),
    *(b"ECOOPA  ", b"ECOOELL ", b"SCINPVEL", b"DAPQUAL ", b"DRP3QUAL", b"OBJRA   ", b"OBJDEC  "),
    *(b"ERRDATA ", b"QUALDATA", b"DATASUM ", b"PCOUNT  ", b"GCOUNT  ", b"C1      ", b"C24     "),
    *(b"CRVAL1  ", b"CRPIX2  ", b"CTYPE1  ", b"CUNIT1  ", b"PC1_1   ", b"CDELT1  ", b"SIMPLE  "),
)
ADDED_CARDS = (
    b"BLANK   ",
    b"BSCALE  ",
    b"BZERO   ",
    b"ZIMAGE  ",
    b"GROUPS  ",
    b"CONTINUE",
    b"END     ",
)


class Base:
    """A sound file, with the places of its headers and data."""

    def __init__(self, path):
        content = path.read_bytes()
        self.content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        with fits.open(io.BytesIO(self.content)) as hdus:
            info = [hdu.fileinfo() for hdu in hdus]
        self.hdus = [(i["hdrLoc"], i["datLoc"], i["datLoc"] + i["datSpan"]) for i in info]


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    """Small simulated files of three layouts, and a real file if there is one."""
    from tests.conftest import SHARED_DATA

    folder = tmp_path_factory.mktemp("bases")
    galaxy = mangapa.simulate_galaxy(n_fibres=19, pa_halpha=100, seed=2)
    files = [
        mangapa.write_maps(galaxy, folder / f"{release}.fits", release=release)
        for release in ("DR17", "DR15", "MPL-4")
    ]
    return [Base(file) for file in (*files, *sorted(SHARED_DATA.glob("manga-8080-*-MAPS-*")))]


def card_at(rng, base, content):
    """The place of a random card, every second time one that is used."""
    if rng.random() < 0.5:
        card = USED_CARDS[rng.integers(len(USED_CARDS))]
        places = [i for header, data, _ in base.hdus for i in range(header, data, 80)]
        places = [i for i in places if content[i : i + 8] == card]
        if places:
            return places[rng.integers(len(places))]
    header, data, _ = base.hdus[rng.integers(len(base.hdus))]
    return header + 80 * rng.integers((data - header) // 80)


def flip_in_header(rng, base, content):
    header, data, _ = base.hdus[rng.integers(len(base.hdus))]
    content[rng.integers(header, data) % len(content)] ^= 1 << rng.integers(8)


def flip_anywhere(rng, base, content):
    content[rng.integers(len(content))] ^= 1 << rng.integers(8)


def truncate(rng, base, content):
    del content[rng.integers(len(content)) :]


def truncate_at_a_block(rng, base, content):
    del content[2880 * rng.integers(len(content) // 2880 + 1) :]


def replace_value(rng, base, content):
    place = card_at(rng, base, content) + 10
    content[place : place + 70] = ODD_VALUES[rng.integers(len(ODD_VALUES))].ljust(70)


def replace_card(rng, base, content):
    place = card_at(rng, base, content)
    value = ODD_VALUES[rng.integers(len(ODD_VALUES))]
    content[place : place + 80] = (
        ADDED_CARDS[rng.integers(len(ADDED_CARDS))] + b"= " + value
    ).ljust(80)


def delete_card(rng, base, content):
    place = card_at(rng, base, content)
    content[place : place + 80] = b" " * 80


def copy_card(rng, base, content):
    one, other = card_at(rng, base, content), card_at(rng, base, content)
    content[one : one + 80] = content[other : other + 80]


def swap_blocks(rng, base, content):
    one, other = 2880 * rng.integers(len(content) // 2880 + 1, size=2)
    first, second = content[one : one + 2880], content[other : other + 2880]
    if len(first) == len(second) == 2880:
        content[one : one + 2880], content[other : other + 2880] = second, first


def zero_block(rng, base, content):
    place = 2880 * rng.integers(len(content) // 2880 + 1)
    content[place : place + 2880] = bytes(len(content[place : place + 2880]))


def drop_hdu(rng, base, content):
    header, _, end = base.hdus[rng.integers(len(base.hdus))]
    del content[header:end]


def drop_data(rng, base, content):
    _, data, end = base.hdus[rng.integers(len(base.hdus))]
    del content[data:end]


def copy_hdu(rng, base, content):
    header, _, end = base.hdus[rng.integers(len(base.hdus))]
    content += content[header:end]


def add_bytes(rng, base, content):
    size = int(rng.integers(1, 6000))
    content += bytes(size) if rng.random() < 0.5 else rng.bytes(size)


def insert_bytes(rng, base, content):
    place = int(rng.integers(len(content) + 1))
    content[place:place] = rng.bytes(int(rng.choice([1, 80, 2880])))


MUTATIONS = (
    *(flip_in_header, flip_anywhere, truncate, truncate_at_a_block, replace_value, replace_value),
    *(replace_value, replace_card, delete_card, copy_card, swap_blocks, zero_block, drop_hdu),
    *(drop_data, copy_hdu, add_bytes, insert_bytes),
)


def zipped(content):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("maps.fits", content)
    return archive.getvalue()


PACKERS = {
    "plain": (0.5, bytes),
    "gzip": (0.38, lambda content: gzip.compress(content, 1)),
    "bzip2": (0.04, lambda content: bz2.compress(content, 1)),
    "xz": (0.04, lambda content: lzma.compress(content, preset=0)),
    "zip": (0.04, zipped),
}


def damaged(rng, base):
    """The bytes of a damaged file, and what was done to it."""
    content, done = bytearray(base.content), []
    if rng.random() < 0.5:
        # Damage of the data goes further.
        content = content.replace(b"DATASUM =", b"OLDSUM  =")
        done.append("no checksums")
    for mutation in rng.choice(MUTATIONS, rng.choice([1, 1, 1, 2, 3])):
        if content:
            mutation(rng, base, content)
            done.append(mutation.__name__)
    name = str(rng.choice(list(PACKERS), p=[share for share, _ in PACKERS.values()]))
    content = bytearray(PACKERS[name][1](bytes(content)))
    done.append(name)
    if name != "plain" and rng.random() < 0.3:
        mutation = rng.choice([flip_anywhere, truncate, add_bytes, insert_bytes])
        mutation(rng, base, content)
        done.append(mutation.__name__)
    return bytes(content), done


def check_fields(galaxy):
    for field in (galaxy.stellar, galaxy.halpha):
        assert np.isfinite(field.velocity[field.good]).all()
        assert np.isfinite(field.x[field.good]).all()
        assert np.isfinite(field.y[field.good]).all()
        assert (field.ivar[field.good] > 0).all()
    for number in (galaxy.input_velocity, galaxy.effective_radius, galaxy.photometric_pa):
        assert not np.isinf(number)
    repr(galaxy).encode("ascii")


def check_measurement(measurement):
    """No number comes from an empty field."""
    for _, measured in measurement.tracers():
        if not measured.field.n_spaxels:
            assert np.isnan(measured.pa.pa)
            assert np.isnan(measured.pa.pa_err)
            assert measured.pa.flags
            assert np.isnan(measurement.misalignment.angle)
    measurement.row()


def out_of_time(signum, frame):
    raise AssertionError(f"not done after {SECONDS} s")


@pytest.mark.parametrize("seed", range(30))
def test_damaged_files(seed, bases, tmp_path):
    rng = np.random.default_rng(seed)
    before = forget_peak()
    handler = signal.signal(signal.SIGPROF, out_of_time)
    wrong, n_read, n_refused = [], 0, 0
    for i in range(FILES_PER_SEED):
        # The real file is ten times as large.
        base = bases[-1] if i % 10 == 0 else bases[rng.integers(min(3, len(bases)))]
        content, done = damaged(rng, base)
        path = tmp_path / f"{i}-MAPS-.fits"
        path.write_bytes(content)
        # Seconds of CPU, so that a busy machine is no fault.
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                galaxy = mangapa.read_maps(path)
                check_fields(galaxy)
                n_read += 1
                if n_read % MEASURED == 0:
                    check_measurement(mangapa.measure(galaxy))
        except OSError as error:
            n_refused += 1
            if path.name not in str(error) or not isinstance(error, mangapa.MapsFileError):
                wrong.append((i, done, repr(error)))
        except Exception as error:  # Whatever it is, the other files are tried too.
            wrong.append((i, done, repr(error)))
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        path.unlink()
    signal.signal(signal.SIGPROF, handler)
    assert not wrong
    assert min(n_read, n_refused) > FILES_PER_SEED / 10
    assert peak() - before < MEMORY
