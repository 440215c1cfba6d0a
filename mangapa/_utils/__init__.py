"""Small helpers that know nothing of galaxies."""
