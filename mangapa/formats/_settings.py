"""Which of several maps of one galaxy is read, as options of a measurement."""

from dataclasses import dataclass

from mangapa._utils.options import option


@dataclass(frozen=True, kw_only=True)
class ReadSettings:
    """
    Which of several maps of one galaxy is read, for surveys that have more than one.

    Raises
    ------
    TypeError
        If a value is not text.
    """

    binning: str = option(
        "default",
        'which of the binnings of a survey is read, such as "adaptive" of SAMI; '
        '"default" is the least binned',
    )
    components: str = option(
        "default",
        'which emission-line fit of a survey is read, such as "recom-comp" of SAMI; '
        '"default" is that with one component',
    )

    def __post_init__(self):
        for name in ("binning", "components"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                msg = f"{name}={value!r} must be a name, such as 'default'"
                raise TypeError(msg)
