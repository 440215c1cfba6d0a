"""Folders that workers on other machines see under other paths."""

import os
from collections.abc import Mapping
from dataclasses import replace

from mangapa._utils.files import as_path


def checked_roots(roots):
    """Pairs of a folder here and the same one as workers see it, the most specific first."""
    if not isinstance(roots, Mapping | None):
        msg = f"worker_roots={roots!r} must map folders of this machine to those of the workers"
        raise TypeError(msg)
    pairs = []
    for here, there in (roots or {}).items():
        folder, _ = (as_path("worker_roots", one) for one in (here, there))
        # A tilde would be the home of somebody here.
        seen = os.fsdecode(there)
        if not os.path.isabs(seen):
            msg = f"worker_roots has {seen!r}; it must be an absolute path, as the workers see it"
            raise ValueError(msg)
        pairs.append((os.path.abspath(folder), seen))
    return sorted(pairs, key=lambda pair: len(pair[0]), reverse=True)


def seen_under(roots, source):
    """A `Source` as workers see it; identifiers, and paths outside of all roots, stay the same."""
    if isinstance(source.target, str):
        return replace(source, target=_moved(source.target, roots))
    return replace(source, target=tuple(_moved(path, roots) for path in source.target))


def _moved(path, roots):
    for here, there in roots:
        if path == here or path.startswith(os.path.join(here, "")):
            return os.path.normpath(os.path.join(there, os.path.relpath(path, here)))
    return path
