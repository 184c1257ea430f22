"""How this process keeps the memory that it has."""

from __future__ import annotations

import ctypes
from contextlib import suppress

# Of malloc.h: what is freed at the top of the heap and goes back to the system, how many arrays lie outside of it, and
# how many heaps there are.
_M_TRIM_THRESHOLD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -4, -8
_LARGEST_INT = 2**31 - 1


def keep_freed_memory() -> None:
    """Freed arrays are used again instead of given back; where the C library is not glibc, nothing happens.

    By default glibc asks the system for every array above some MiB anew, and the system clears it page by page: at
    1024x1024 a fifth of the time of a run. The peak stays as it is. All threads share one heap: one of their own would
    hold no large array. It holds for the whole process, so it is for the program, not for a library call.

    Source:
        mallopt(3); measured: kernel 3, 1536x1536: autograd's backward 0.6 s of CPU before, 0.2 s after.
    """
    with suppress(AttributeError, OSError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, _LARGEST_INT)
        mallopt(_M_ARENA_MAX, 1)


def give_freed_memory_back() -> None:
    """What `keep_freed_memory` keeps goes back to the system, for once: arrays to come do not fit where others lay.

    It costs what clearing it again costs, so it is for the few moments at which large arrays of another size follow.
    Where the C library is not glibc, nothing happens.

    Source:
        malloc_trim(3); measured: 4096x4096, kernel 32: a peak of 4.5 GiB before.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
