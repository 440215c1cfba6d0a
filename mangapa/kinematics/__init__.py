"""What rotation and dispersion tell of a galaxy: kinematic classes."""
