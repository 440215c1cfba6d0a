"""The sources of a survey: files, plate-IFUs and MaNGA-IDs, each galaxy once."""

import glob
import itertools
import os
import re
import warnings
from dataclasses import dataclass

from mangapa._resolve import spelling
from mangapa._utils.files import as_path, printable
from mangapa.archive import is_identifier, is_plateifu, plateifu_of
from mangapa.archive._identifiers import did_you_mean
from mangapa.exceptions import MangapaWarning
from mangapa.formats import formats
from mangapa.formats._format import format_of_name
from mangapa.formats._groups import observation_of

#: Names of FITS files, compressed by any program.
FITS_FILE = re.compile(r".*\.(fits|fit|fts)(\.(gz|bz2|xz|zip|zst|fz|Z))?", re.IGNORECASE)
#: Ends of the names of files that no pattern means.
LEFTOVER = re.compile(
    r"(\.(part|partial|crdownload|download|aria2|tmp|md5|md5sum|sha1|sha1sum|sha256|sha256sum)|~)$",
    re.IGNORECASE,
)
PATHS = (str, bytes, os.PathLike)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A galaxy to measure, or one observation of it."""

    #: The same for all spellings: the real path, the plate-IFU if it is known, or the folder and
    #: the observation of files that belong together, however many of them there are.
    identity: str
    #: What a worker measures, in any folder: an absolute path, the identifier, or as a `tuple` the
    #: absolute paths of files that belong together.
    target: str | tuple[str, ...]
    spelling: str  # as it was given, for messages and catalogues

    @classmethod
    def of(cls, *texts, identity=None):
        """The source for which an identifier, a path, or the paths of one galaxy stand."""
        identity = identity or _identity(texts[0])
        if is_identifier(texts[0]):
            return cls(identity=identity, target=texts[0], spelling=texts[0])
        paths = tuple(map(_absolute, texts))
        target = paths if observation_of(texts[0]) else paths[0]
        return cls(identity=identity, target=target, spelling=printable(spelling(texts)))

    def respelled(self, text):
        """A message of a worker, with what the user gave in place of the target."""
        if isinstance(self.target, str):
            return text.replace(self.target, self.spelling)
        folder, given = map(os.path.dirname, (self.target[0], self.spelling))
        return text.replace(os.path.join(folder, ""), os.path.join(given, "") if given else "")


def listed(sources, *, release=None, download=False):
    """
    List all sources as `Source` objects, each galaxy once.

    A folder stands for the files of galaxies in it, and a pattern for the files that match it,
    sorted by name. Files of one observation, as their names tell, are one source. A MaNGA-ID is
    looked up in the table drpall of the ``release``, which is downloaded if that is allowed.
    `MangapaWarning` says if some were given under several names.
    """
    texts = _texts(sources)
    if texts and all(map(_is_a_slip, texts)):
        msg = (
            f"there is no file or folder {printable(texts[0])}{did_you_mean(texts[0])}; name "
            "files, folders, plate-IFUs or MaNGA-IDs"
        )
        raise FileNotFoundError(msg)
    given = [_expanded(text) for text in texts]
    plateifus = _observations(itertools.chain(*given), release, download)
    galaxies, repeated = gathered(given, plateifus)
    if repeated:
        message = (
            f"{len(repeated)} sources are the same files as others under another name, such as "
            f"{' and '.join(map(printable, repeated[0]))}; each file is measured once"
        )
        warnings.warn(message, MangapaWarning, stacklevel=3)
    return [Source.of(*texts, identity=one) for one, texts in galaxies.items()]


def gathered(given, plateifus=None):
    """
    Gather the paths and identifiers that are ``given``, in one list for each source of the user.

    Returns the texts of each galaxy by its identity, with each file once; and the pairs of texts
    that are the same file. Files are not opened. ``plateifus`` are by MaNGA-ID.
    """
    galaxies, repeated = {}, []
    for texts in given:
        # Several links in one folder to the same file are no mistake.
        for real, text in {_real(text, plateifus): text for text in texts}.items():
            files = galaxies.setdefault(_identity(text, plateifus), {})
            first = files.setdefault(real, text)
            if first != text:
                repeated.append((text, first))
    return {identity: [*files.values()] for identity, files in galaxies.items()}, repeated


def _absolute(text):
    return os.path.abspath(os.path.expanduser(text))


def _real(text, plateifus=None):
    """What a path or an identifier stands for, whatever its spelling."""
    if is_identifier(text):
        return (plateifus or {}).get(text, text)
    return os.path.realpath(_absolute(text))


def _identity(text, plateifus=None):
    """The identity of the `Source` to which a path or an identifier belongs."""
    real = _real(text, plateifus)
    if is_identifier(text) or (group := observation_of(text)) is None:
        return real
    # The names of links may tell what those of their files do not.
    named = real if observation_of(real) == group else _absolute(text)
    kind, observation = group
    return f"{kind}:{os.path.realpath(os.path.dirname(named))}/{observation}"


def file_stamp(source):
    """
    Size in bytes and time of modification in ns of a source's file; `None` without a file.

    Of files that belong together, a list of these with the name of each.
    """
    try:
        if isinstance(source.target, tuple):
            return [[os.path.basename(path), *_stamp(path)] for path in source.target]
        return _stamp(source.target) if os.path.isabs(source.target) else None
    except OSError:
        return None


def _stamp(path):
    state = os.stat(path)
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


def _is_a_slip(text):
    """Whether a text is the name neither of a file, there or missing, nor of a galaxy."""
    path = os.path.expanduser(text)
    return not (
        is_identifier(text)
        or glob.has_magic(path)
        or os.path.lexists(path)
        or os.path.splitext(path)[1]
    )


def _expanded(text):
    """The files for which a folder or a pattern stands; anything else stands for itself."""
    path = os.path.expanduser(text)
    if is_identifier(text):
        return [text]
    if os.path.isdir(path):
        files = _files_of_galaxies(path)
        missing = (
            f"no MAPS file (*-MAPS-*.fits*) or other FITS file in the folder {printable(text)}"
        )
    elif glob.has_magic(path) and not os.path.lexists(path):
        files = []
        for match in _matches(_literal_start(path)):
            if os.path.isdir(match):
                files += _files_of_galaxies(match)
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


def _files_of_galaxies(folder):
    """
    Files in a folder, at any depth, whose names a format knows; all FITS files if there are none.

    A link to a missing file is one, too. `MangapaWarning` says which FITS files are left out.
    """
    formats()  # those of plugins, too
    known, others = [], []
    for below, names in _folders(folder):
        for name in names:
            if name.startswith(".") or LEFTOVER.search(name):
                continue
            if format_of_name(name):
                known.append(os.path.join(below, name))
            elif FITS_FILE.fullmatch(name):
                others.append(os.path.join(below, name))
    if known and others:
        message = (
            f"FITS files in the folder {printable(folder)} are left out, {len(others)} in all, "
            f"such as {printable(min(others))}: their names are of no known format; to measure "
            "them, name them or a pattern"
        )
        warnings.warn(message, MangapaWarning, stacklevel=5)
    return known or others


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
