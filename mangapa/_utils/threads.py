"""Limits on the threads of numerical libraries, which leave no trace in the environment."""

import os
from functools import lru_cache

#: The variable that importing threadpoolctl sets.
VARIABLE = "KMP_DUPLICATE_LIB_OK"


def thread_pools():
    """Find the thread pools of the libraries that are loaded, as a ``ThreadpoolController``."""
    before = os.environ.get(VARIABLE)
    try:
        from threadpoolctl import ThreadpoolController

        return ThreadpoolController()
    finally:
        if before is None:
            os.environ.pop(VARIABLE, None)


def one_blas_thread():
    """
    Context in which BLAS uses one thread.

    The matrices are so small that several threads make fits ten times slower.
    """
    return _pools().limit(limits=1, user_api="blas")


@lru_cache(maxsize=1)
def _pools():
    """The pools, kept: finding the libraries takes longer than a fit."""
    return thread_pools()
