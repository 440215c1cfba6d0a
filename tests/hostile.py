"""Names that a file may hold, and that a page must show as text."""

RAN = "document.title='script ran'"
NAMES = {
    "image": f'<img src=x onerror="{RAN}">',
    "script": f"</script><script>{RAN}</script>",
    "comment": "<!--<script>",
    "attribute": f'"\' autofocus onfocus="{RAN}" x=\'',
    "template": "{{ 7*7 }} {% raw %} ${7*7} %{x} `7`",
    "link": f'<a href="javascript:{RAN}">M 31</a>',
    "entity": "&lt;b&gt; &amp;",
    "control": "a\0\x1b[31m\r\n\tb\x7f",
    "direction": "\u202egnp.exe\u200f",
    "separators": "a\u2028b\u2029c",
    "surrogate": "M\udce97",
    "formula": "=cmd|' /C calc'!A1",
    "blanks": "M 31, the 'great' #1",
    "emoji": "\N{MILKY WAY} \N{GREEK SMALL LETTER ALPHA}",
    "long": "x" * 10_000,
}
