"""How numbers are written in figures, tables and sentences, and in the explorer of the book."""


def fixed(value: float, places: int) -> str:
    """Write a number with so many decimals.

    The number itself is rounded, once, as Python does it: of two that are equally near, the one
    with an even last digit. Nothing is written as minus zero. ``fixed`` in the explorer's
    ``data.js`` follows the same rule.

    >>> fixed(0.125, 2), fixed(0.375, 2), fixed(-0.001, 2)
    ('0.12', '0.38', '0.00')

    Args:
        value: The number.
        places: How many decimals.
    """
    return f"{value:z.{places}f}"


LEAST_PLACES = 4
"""How many decimals ``shortest`` keeps at least."""


def shortest(value: float, places: tuple[int, ...], least: int = LEAST_PLACES) -> float:
    """Round a number as much as possible without changing how it is written.

    A number that is rounded twice may end elsewhere: 0.87496 is 0.87, but 0.8750 is 0.88.

    >>> shortest(0.8712345678, (2, 3)), shortest(0.87496, (2, 3))
    (0.8712, 0.87496)

    Args:
        value: The number.
        places: With how many decimals it is written, here and there.
        least: How many decimals to keep at least.
    """
    wanted = [fixed(value, count) for count in places]
    for digits in range(least, 16):
        rounded = round(value, digits)
        if [fixed(rounded, count) for count in places] == wanted:
            return rounded
    return value
