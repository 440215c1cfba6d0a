"""The sources of a survey: files, plate-IFUs and MaNGA-IDs, each of them once."""

import glob
import itertools
import os
import re
import warnings
from dataclasses import dataclass

from mangapa._utils.files import as_path, printable
from mangapa.archive import is_identifier, is_plateifu, plateifu_of
from mangapa.exceptions import MangapaWarning

#: Names of MAPS files, compressed by any program. Names of other files that belong to one, such as
#: checksums and unfinished downloads, go on after that.
MAPS_FILE = re.compile(r"(?!\.).*-MAPS-.*\.fits(\.(gz|bz2|xz|zip|zst|fz|Z))?", re.IGNORECASE)
#: Ends of the names of files that no pattern means.
LEFTOVER = re.compile(
    r"(\.(part|partial|crdownload|download|aria2|tmp|md5|md5sum|sha1|sha1sum|sha256|sha256sum)|~)$",
    re.IGNORECASE,
)
PATHS = (str, bytes, os.PathLike)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A galaxy to measure."""

    identity: str  # the same for all spellings: the real path, or the plate-IFU if it is known
    target: str  # what a worker measures, in any folder: an absolute path, or the identifier
    spelling: str  # as it was given, for messages and catalogues

    @classmethod
    def of(cls, text, plateifus=None):
        """The source that a path or an identifier stands for; ``plateifus`` are by MaNGA-ID."""
        if is_identifier(text):
            return cls(identity=(plateifus or {}).get(text, text), target=text, spelling=text)
        path = os.path.abspath(os.path.expanduser(text))
        return cls(identity=os.path.realpath(path), target=path, spelling=printable(text))


def listed(sources, *, release=None, download=False):
    """
    List all sources as `Source` objects, each galaxy once.

    A folder stands for its MAPS files, and a pattern for the files that match it, sorted by name.
    A MaNGA-ID is looked up in the table drpall of the ``release``, which is downloaded if that is
    allowed. `MangapaWarning` says if some were given under several names.
    """
    found, repeated = {}, []
    given = [_expanded(text) for text in _texts(sources)]
    plateifus = _observations(itertools.chain(*given), release, download)
    for names in given:
        # Several links in one folder to the same file are no mistake.
        for source in {
            one.identity: one for one in (Source.of(name, plateifus) for name in names)
        }.values():
            first = found.setdefault(source.identity, source)
            if first.spelling != source.spelling:
                repeated.append((source.spelling, first.spelling))
    if repeated:
        message = (
            f"{len(repeated)} sources are the same files as others under another name, such as "
            f"{' and '.join(repeated[0])}; each file is measured once"
        )
        warnings.warn(message, MangapaWarning, stacklevel=3)
    return list(found.values())


def file_stamp(source):
    """Size in bytes and time of modification in ns of a source's file; `None` without a file."""
    if not os.path.isabs(source.target):
        return None
    try:
        state = os.stat(source.target)
    except OSError:
        return None
    return [state.st_size, state.st_mtime_ns]


def _observations(texts, release, download):
    """Plate-IFUs by MaNGA-ID; one that is not found is left to the worker, which says why."""
    found = {}
    for text in texts:
        if is_identifier(text) and not is_plateifu(text):
            try:
                found[text] = plateifu_of(text, release, download=download)
            except ValueError:
                pass
            except OSError:  # There is no table for the others either.
                break
    return found


def _texts(sources):
    """The sources as plain strings; anything that is not text or a path is a TypeError."""
    if isinstance(sources, PATHS):
        sources = [sources]
    try:
        many = iter(sources)
    except TypeError:
        msg = (
            "sources must be a path, an identifier or an iterable of them, not "
            f"{type(sources).__name__}"
        )
        raise TypeError(msg) from None
    texts = []
    for source in many:
        if not isinstance(source, PATHS):
            kind = type(source).__name__
            msg = f"a source must be a path or an identifier, not {kind}: {source!r}"
            raise TypeError(msg)
        as_path("a source", source)
        # A plain string: those of numpy cannot be stored.
        texts.append(str(os.fsdecode(source)))
    return texts


def _expanded(text):
    """The files for which a folder or a pattern stands; anything else stands for itself."""
    path = os.path.expanduser(text)
    if is_identifier(text):
        return [text]
    if os.path.isdir(path):
        files = _maps_files(path)
        missing = f"no MAPS file (*-MAPS-*.fits*) in the folder {printable(text)}"
    elif glob.has_magic(path) and not os.path.lexists(path):
        files = []
        for match in _matches(_literal_start(path)):
            if os.path.isdir(match):
                files += _maps_files(match)
            elif not LEFTOVER.search(match):
                files.append(match)
        missing = f"no file that matches {printable(text)}"
    else:
        # A missing file costs its own row and does not stop the run.
        return [text]
    if not files:
        msg = f"there is {missing}; name another, or plate-IFUs and a release"
        raise FileNotFoundError(msg)
    return sorted(files)


def _maps_files(folder):
    """MAPS files in a folder, at any depth; a link to a missing file is one, too."""
    return [
        os.path.join(below, name)
        for below, names in _folders(folder)
        for name in names
        if MAPS_FILE.fullmatch(name)
    ]


def _folders(top, above=()):
    """
    Yield a folder and all below it, linked ones too, each with the names of its files.

    Hidden folders, in which programs keep what they have not finished, are left out.
    """
    real, folders, names = os.path.realpath(top), [], []
    if real in above:  # A link to a folder that contains it.
        return
    try:
        with os.scandir(top) as entries:
            for entry in entries:
                (folders if entry.is_dir() else names).append(entry.name)
    except OSError as error:
        message = f"the folder {printable(top)} cannot be read ({error.strerror}); it is left out"
        warnings.warn(message, MangapaWarning, stacklevel=2)
    yield top, names
    for name in folders:
        if not name.startswith("."):
            yield from _folders(os.path.join(top, name), (*above, real))


def _matches(pattern):
    """Files and folders that match a pattern; ``**`` enters linked folders, but never for ever."""
    parts = pattern.split(os.sep)
    if "**" not in parts:
        return glob.glob(pattern)
    first = parts.index("**")
    start = os.sep.join(parts[:first]) or (os.sep if first else os.curdir)
    rest = parts[first + 1 :] or ["*"]
    return [
        match
        for folder in glob.glob(start)
        for below, _ in _folders(folder)
        for match in _matches(os.sep.join([glob.escape(below), *rest]))
    ]


def _literal_start(pattern):
    """Escape the beginning of a pattern if it is the name of a folder that exists."""
    parts = pattern.split(os.sep)
    for end in range(len(parts) - 1, 0, -1):
        start = os.sep.join(parts[:end])
        if os.path.isdir(start):
            return os.sep.join([glob.escape(start), *parts[end:]])
    return pattern
