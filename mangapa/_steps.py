"""Steps of a measurement, in which a failure of one tracer does not cost the other."""

import contextlib
import time

from mangapa._utils.options import UnsuitableOptionError

#: Errors that every galaxy would raise.
FATAL = (ImportError, UnsuitableOptionError)


class Steps:
    """
    Apply the steps of a measurement to the tracers of one galaxy.

    A tracer for which a step fails is missing from its result. ``errors`` has its first message,
    and ``seconds`` the time that each group of steps took.
    """

    def __init__(self):
        self.errors = {}
        self.seconds = {}

    @contextlib.contextmanager
    def timed(self, name):
        """Add the time that the block takes to ``seconds``."""
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start

    def each(self, step, function, given, fatal=FATAL):
        """
        Apply a function to each value of a `dict` by tracer; return the results alike.

        Errors that are ``fatal`` are raised.
        """
        found = {}
        for tracer, one in given.items():
            try:
                found[tracer] = function(one)
            except fatal:
                raise
            except Exception as error:  # Whatever is wrong with one tracer, the other is measured.
                message = f"{tracer}: {step} failed ({type(error).__name__}: {error})"
                self.errors.setdefault(tracer, message)
        return found

    def together(self, step, function, given, fatal=FATAL):
        """Apply a function to a list of all values at once or, if that fails, to each alone."""
        try:
            return dict(zip(given, function([*given.values()]), strict=True))
        except fatal:
            raise
        except Exception:  # It may be the fault of one tracer.
            return self.each(step, lambda one: function([one])[0], given, fatal)
