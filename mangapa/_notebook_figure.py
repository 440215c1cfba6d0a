"""A figure of pyplot that notebooks draw once."""

import matplotlib as mpl
from matplotlib import figure, pyplot


class Figure(figure.Figure):
    """
    A figure that pyplot forgets as soon as a notebook shows it.

    Notebooks draw all open figures of pyplot at the end of a cell, also one that they have shown
    as the value of this cell.
    """

    def _ipython_display_(self):
        if "inline" in mpl.get_backend():
            pyplot.close(self)
        raise NotImplementedError  # IPython then shows it as any other figure.
