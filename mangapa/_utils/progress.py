"""Progress bars, shown on a terminal and nowhere else."""


def progress_bar(items=None, *, show=True, unit="galaxy", **options):
    """Bar over ``items``, or with a ``total`` to be updated by hand; hidden unless ``show``."""
    from tqdm import tqdm

    return tqdm(items, unit=unit, leave=False, disable=None if show else True, **options)
