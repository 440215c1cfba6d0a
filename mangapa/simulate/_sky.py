"""The field of a hexagonal IFU on the sky, and what hides parts of it."""

import numpy as np

#: Long axis of the hexagon for each number of fibres, arcsec (Drory et al. 2015, AJ 149, 77).
FIELD_OF_VIEW = {19: 12.5, 37: 17.5, 61: 22.5, 91: 27.5, 127: 32.5}
#: Side of the DAP's square maps for each number of fibres, spaxels.
MAP_SIZE = {19: 34, 37: 44, 61: 54, 91: 64, 127: 74}
#: Side of a spaxel, arcsec.
SPAXEL = 0.5
#: Radius of a foreground blob and of the masked ring around it, arcsec: about the seeing.
BLOB_RADIUS, RING_RADIUS = 1.5, 2.5
#: Range of velocities that blobs add, km/s: clearly faster than the rotation.
BLOB_VELOCITY = (300, 600)


def spaxels(n_fibres):
    """Offsets of the spaxels, arcsec, +x East as on a DAP map, and the mask of the hexagon."""
    size = MAP_SIZE[n_fibres]
    row, column = np.mgrid[:size, :size]
    x, y = (size / 2 - column) * SPAXEL, (row - size / 2) * SPAXEL
    slant = np.abs(y) / np.sqrt(3)
    return x, y, np.maximum(2 * slant, np.abs(x) + slant) <= FIELD_OF_VIEW[n_fibres] / 2


def obstruct(rng, x, y, hexagon, foreground, missing):
    """Mask of bad spaxels, and the velocity that foreground blobs add, km/s."""
    masked, blobs = ~hexagon, np.zeros(x.shape)
    reach = np.abs(x[hexagon]).max()

    def distance():
        """Distance of each spaxel from a random place in the outer half of the field."""
        radius, angle = reach * rng.uniform(0.5, 0.9), rng.uniform(0, 2 * np.pi)
        return np.hypot(x - radius * np.cos(angle), y - radius * np.sin(angle))

    for _ in range(foreground):
        away = distance()
        blobs[away < BLOB_RADIUS] = rng.choice([-1, 1]) * rng.uniform(*BLOB_VELOCITY)
        masked |= (away >= BLOB_RADIUS) & (away < RING_RADIUS)
    for _ in range(missing):
        masked |= distance() < rng.uniform(0.15, 0.3) * reach
    return masked, blobs
