"""Lists of galaxies, one name in each line."""

from mangapa._utils.files import as_path, printable, replacing


def read_list(path, known=()):
    """
    Read the names in a file, in their order.

    A line is a name of ``known`` as it stands, or else without the blanks around it; empty lines
    and comments, which begin with ``#``, are left out.
    """
    path = as_path("list", path)
    if not path.is_file():
        msg = f"there is no file {path}; name a list of galaxies, one in each line"
        raise FileNotFoundError(msg)
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        msg = f"{path} is not a list of names in UTF-8 ({error.reason}); save it in this encoding"
        raise ValueError(msg) from error
    names = []
    for line in lines:
        name = line.strip()
        if line in known:
            names.append(line)
        elif name in known or not name.startswith("#"):
            names.append(name)
    return [name for name in names if name]


def write_list(path, names):
    """Write names as `read_list` reads them; an existing file is replaced in one step."""
    path = as_path("disputed", path)
    with replacing(path) as unfinished:
        unfinished.write_text("".join(f"{printable(name)}\n" for name in names), encoding="utf-8")
    return path
