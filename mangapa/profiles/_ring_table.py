"""What the tables of rings have in common: attributes that are kept, and values in their meta."""

import warnings
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from astropy.table import QTable

if TYPE_CHECKING:
    from typing_extensions import Self


class RingTable(QTable):
    """A table of rings, with values for the whole field in ``meta``."""

    #: Attributes that copies and pickles keep; astropy keeps the columns alone.
    _kept: ClassVar[tuple[str, ...]] = ()

    def _about(self, name, default=np.nan):
        """A value for the whole field. FITS files have their keywords in capitals."""
        return self.meta.get(name, self.meta.get(name.upper(), default))

    def _check_rings(self):
        """Raise the ValueError that says why there is no ring to draw."""
        if not len(self):
            msg = f"there is no ring to draw: {self.flags.description or 'the table is empty'}"
            raise ValueError(msg)

    def write(self, *args: Any, **kwargs: Any) -> None:
        """
        Write the table, as `astropy.table.Table.write` does.

        Parameters
        ----------
        *args, **kwargs
            Those of `astropy.table.Table.write`.
        """
        from astropy.io.fits.verify import VerifyWarning

        with warnings.catch_warnings():
            # Names of more than eight characters are kept as they are, which is what is wanted.
            warnings.filterwarnings("ignore", "Keyword name", VerifyWarning)
            # NaN is no value of a card; without the card, it is NaN again.
            warnings.filterwarnings("ignore", "Attribute .* <class 'float'> cannot be added")
            super().write(*args, **kwargs)

    def copy(self, copy_data: bool = True) -> "Self":
        """
        Copy the table together with its field.

        Parameters
        ----------
        copy_data : `bool`, optional
            Copy the columns as well.

        Returns
        -------
        `~astropy.table.QTable`
            Of the same class.
        """
        other = super().copy(copy_data)
        for name in self._kept:
            setattr(other, name, getattr(self, name))
        return other

    def __getstate__(self):
        return super().__getstate__(), {name: getattr(self, name) for name in self._kept}

    def __setstate__(self, state):
        table, kept = state
        vars(self).update(kept)
        super().__setstate__(table)
