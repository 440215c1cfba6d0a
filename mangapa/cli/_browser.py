"""Open a page of this machine in the browser of the user."""

import contextlib
import sys
import tempfile
import threading
import webbrowser
from html import escape
from pathlib import Path

PAGE = """<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={address}">
<title>mangapa</title>
<a href="{address}">Open the page</a>
"""


@contextlib.contextmanager
def in_browser(address):
    """
    Open a secret address in a browser; the block goes on at once.

    All users of the machine can see with which arguments a browser is started. It is therefore
    given a file that only this user can read, which leads to the address, and which exists until
    the end of the block.
    """
    with tempfile.TemporaryDirectory(prefix="mangapa-") as folder:
        page = Path(folder) / "open.html"
        page.touch(mode=0o600)
        page.write_text(PAGE.format(address=escape(address)), encoding="utf-8")
        # A browser in the terminal returns only when it is closed.
        threading.Thread(target=_open, args=[page.as_uri()], daemon=True).start()
        yield


def _open(uri):
    try:
        is_open = webbrowser.open(uri)
    except webbrowser.Error:
        is_open = False
    if not is_open:
        text = "mangapa: no browser could be opened; open the address above in one"
        print(text, file=sys.stderr, flush=True)
