"""One measured figure, and the table of them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """
    `value` in `unit`, as measured; `ratio` to the row named `baseline` of the same run; `target` in words.

    `ok` says whether the target was met; None where there is none.
    """

    name: str
    value: float
    unit: str
    ratio: float | None = None
    baseline: str | None = None
    target: str | None = None
    ok: bool | None = None


def figure(value: float) -> str:
    """Three significant digits, without exponents: figures of a benchmark have no more."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def markdown(rows: Sequence[Row]) -> str:
    head = ("Measured", "Value", "Ratio", "Baseline", "Target", "Met")
    lines = [
        (
            row.name,
            f"{figure(row.value)} {row.unit}",
            "" if row.ratio is None else f"{figure(row.ratio)} ×",
            row.baseline or "",
            row.target or "",
            {True: "yes", False: "**NO**", None: ""}[row.ok],
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in (head, *lines)) for column in range(len(head))]
    ruled = [head, tuple("-" * width for width in widths), *lines]
    return "\n".join(
        "| " + " | ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)) + " |" for line in ruled
    )
