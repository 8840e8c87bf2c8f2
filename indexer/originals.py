"""Which issue a chain of duplicates ends at. Pure."""

from collections.abc import Callable

MAX_CHAIN = 20
"""Nobody marks longer chains by hand."""


def end_of_chain(
    number: int, original: int, original_of: Callable[[int], int | None]
) -> int | None:
    """The last original of a duplicate; of a circle its oldest issue.

    Args:
        number: the duplicate.
        original: what it is said to duplicate.
        original_of: what an issue duplicates; None if nothing, or if it is not known.

    Returns:
        None if the duplicate is itself the oldest of a circle: no other is the original.
    """
    seen = [number]
    current = original
    while current not in seen and len(seen) <= MAX_CHAIN:
        seen.append(current)
        following = original_of(current)
        if following is None:
            return current
        current = following
    circle = seen[seen.index(current) :] if current in seen else [current]
    oldest = min(circle)
    return None if oldest == number else oldest
