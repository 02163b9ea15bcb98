"""All sources there are: an operator each, a payment provider each. Each part of the platform adds a line."""

from collections.abc import Callable, Iterable

from wallet.reconciliation import operators, providers
from wallet.reconciliation.sources import Source

REGISTRY: list[Callable[[], Iterable[Source]]] = [operators.sources, providers.sources]


def all_sources() -> list[Source]:
    return sorted((source for each in REGISTRY for source in each()), key=lambda source: (source.kind, source.slug))
