"""Tests reach no other machine."""

import socket

import pytest


@pytest.mark.quick
@pytest.mark.promise(16)
@pytest.mark.parametrize("address", ["192.0.2.1", "data.sdss.org"])
def test_only_this_machine_can_be_reached(address):
    with pytest.raises(OSError, match="connect to the internet"):
        socket.create_connection((address, 443), timeout=1)
