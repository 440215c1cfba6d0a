"""Connections on which the header of an answer must arrive within a time, and sessions of them."""

import contextlib
import functools
import socket
import threading

import requests
import urllib3
from requests.adapters import HTTPAdapter

from mangapa.archive._configuration import conf

#: Time-outs within which the whole header must arrive. The time-out of a socket begins anew with
#: each byte, also that of urllib3's ``Timeout(total=...)``.
HEADER_TIMEOUTS = 3
#: Status codes after which another try may succeed.
BUSY = (429, 500, 502, 503, 504)


class TimedAdapter(HTTPAdapter):
    """Adapter of `requests.Session` that raises `requests.Timeout` if a header takes too long."""

    def init_poolmanager(self, *args, **options):
        """Make the connections to servers timed ones."""
        super().init_poolmanager(*args, **options)
        _use_timed(self.poolmanager)

    def proxy_manager_for(self, *args, **options):
        """Make the connections through a proxy timed ones."""
        return _use_timed(super().proxy_manager_for(*args, **options))


class _Timed:
    def getresponse(self):
        limit, is_late = HEADER_TIMEOUTS * conf.timeout, threading.Event()

        def end():
            is_late.set()
            with contextlib.suppress(OSError):  # It may be closed already.
                self.sock.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(limit, end)
        timer.daemon = True
        timer.start()
        response = failure = None
        try:
            response = super().getresponse()
        except Exception as error:
            failure = error
        finally:
            timer.cancel()
        # The end of a connection counts as the end of a header.
        if is_late.is_set():
            if response is not None:
                response.close()
            msg = f"the header of the server's answer was not complete after {limit:g} s"
            raise TimeoutError(msg) from failure
        if failure is not None:
            raise failure
        return response


def _use_timed(manager):
    pools = manager.pool_classes_by_scheme
    manager.pool_classes_by_scheme = {scheme: _timed(pool) for scheme, pool in pools.items()}
    return manager


@functools.cache
def _timed(pool):
    """The class of pools whose connections are timed."""
    if issubclass(pool.ConnectionCls, _Timed):
        return pool
    connection = type("TimedConnection", (_Timed, pool.ConnectionCls), {})
    return type("TimedPool", (pool,), {"ConnectionCls": connection})


class _PatientAdapter(TimedAdapter):
    """Adapter that waits no longer than the setting ``timeout`` for a server that sends nothing."""

    def send(self, request, **options):
        """Send a request; clients of other packages name no time-out."""
        return super().send(
            request, **{**options, "timeout": options.get("timeout") or conf.timeout}
        )


def anonymous_session():
    """A `requests.Session` for services: anonymous, with time-outs, and with two more tries."""
    session = requests.Session()
    # Without this, requests looks for a name and a password in ~/.netrc.
    session.auth = lambda request: request
    retries = urllib3.Retry(
        total=2,
        backoff_factor=0.5,
        allowed_methods=None,
        status_forcelist=BUSY,
        raise_on_status=False,
    )
    for scheme in ("https://", "http://"):
        session.mount(scheme, _PatientAdapter(max_retries=retries))
    return session
