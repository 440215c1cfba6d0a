import bz2
import gzip
import lzma
import os
import zipfile

import pytest
from peak_memory import forget_peak, peak

from mangapa._utils.unpacking import LARGEST, FlawError, unpacked

STEP = 1 << 20
CONTENT = bytes(range(256)) * 5000


def zipped(path, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def read(path):
    with unpacked(path) as stream:
        return b"".join(iter(lambda: stream.read(STEP), b""))


def drain(stream):
    while stream.read(STEP):
        pass


@pytest.mark.parametrize(
    "compress", [bytes, gzip.compress, bz2.compress, lzma.compress], ids=["no", "gz", "bz2", "xz"]
)
@pytest.mark.parametrize("padding", [0, 512], ids=["bare", "padded"])
def test_every_form_is_known_by_its_content(tmp_path, compress, padding):
    path = tmp_path / "any name"
    path.write_bytes(compress(CONTENT) + bytes(padding))
    assert read(path).rstrip(b"\0") == CONTENT


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_zip_archive_of_one_file(tmp_path, method):
    zipped(tmp_path / "a", {"maps/": b"", "maps/a": CONTENT, "__MACOSX/._a": b"?"}, method)
    assert read(tmp_path / "a") == CONTENT


@pytest.mark.parametrize(
    ("members", "method", "flaw", "remedy"),
    [
        ({}, zipfile.ZIP_DEFLATED, "is a zip archive of 0 files", "unpack it and name one"),
        ({"a": b"", "b": b""}, zipfile.ZIP_STORED, "of 2 files", "unpack it and name one"),
        ({"a": b"a"}, zipfile.ZIP_BZIP2, "of an unusual kind", "unpack it yourself"),
        ({"a": b"a"}, zipfile.ZIP_LZMA, "of an unusual kind", "unpack it yourself"),
    ],
)
def test_other_zip_archives(tmp_path, members, method, flaw, remedy):
    # The signature of an empty archive is another one.
    zipped(tmp_path / "a", members or {"folder/": b""}, method)
    with pytest.raises(FlawError, match=flaw) as caught:
        read(tmp_path / "a")
    assert caught.value.remedy == remedy


def test_zip_archive_with_a_password(tmp_path):
    zipped(tmp_path / "a", {"a": CONTENT})
    content = bytearray((tmp_path / "a").read_bytes())
    # The first of the general purpose bits, in the member's header and in the directory.
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(FlawError, match="is a zip archive with a password"):
        read(tmp_path / "a")


@pytest.mark.promise(4)
@pytest.mark.parametrize("form", ["gz", "bz2", "xz", "zip"])
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_damage_is_a_flaw(tmp_path, form, damage):
    path = tmp_path / "a"
    if form == "zip":
        zipped(path, {"a": CONTENT})
        content = bytearray(path.read_bytes())
    else:
        compress = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[form]
        content = bytearray(compress(CONTENT))
    if damage == "cut":
        del content[-len(content) // 3 :]
    else:
        content[len(content) // 2] ^= 0x55
    path.write_bytes(content)
    with pytest.raises(FlawError, match=r"^is (truncated|corrupt)"):
        read(path)


@pytest.mark.promise(22)
@pytest.mark.parametrize("form", ["gz", "bz2", "xz", "zip"])
def test_bombs_end_early(tmp_path, form):
    path, zeros = tmp_path / "bomb", bytes(80 << 20)
    if form == "zip":
        zipped(path, {"a": zeros})
    else:
        compress = {
            "gz": lambda content: gzip.compress(content, 1),
            "bz2": lambda content: bz2.compress(content, 1),
            "xz": lambda content: lzma.compress(content, preset=0),
        }[form]
        path.write_bytes(compress(zeros))
    del zeros
    limit = max(64 << 20, 100 * path.stat().st_size)
    before = forget_peak()
    with (
        unpacked(path) as stream,
        pytest.raises(FlawError, match=rf"more than {limit >> 20} MiB unpacked"),
    ):
        drain(stream)
    assert limit < stream.position <= limit + STEP
    assert peak() - before < 50e6


def test_what_a_header_claims_is_checked_before_it_is_read(tmp_path):
    (tmp_path / "a").write_bytes(CONTENT)
    with unpacked(tmp_path / "a") as stream:
        stream.check(LARGEST)
        with pytest.raises(FlawError, match="holds or claims more than 4096 MiB"):
            stream.check(LARGEST + 1)


@pytest.mark.promise(22)
def test_pipes_and_devices_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero", tmp_path):
        with pytest.raises(FlawError, match="is not a regular file, but a folder, pipe or device"):
            read(path)
