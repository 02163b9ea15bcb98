"""The examples of docs/, at real servers."""

import importlib.util
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.examples.proxy import Proxy
from tests.servers import ROOT, Site


@pytest.fixture(scope="session")
def example() -> Any:
    """The module of docs/examples/partner_client.py, as a partner would have copied it."""
    spec = importlib.util.spec_from_file_location("partner_client", ROOT / "docs/examples/partner_client.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def proxy(live_site: Site) -> Iterator[Proxy]:
    with Proxy(live_site.port) as between:
        yield between


@pytest.fixture
def casino(example: Any, live_site: Site, proxy: Proxy) -> Any:
    """The example client with the demo partner's test key, by way of the proxy."""
    key = live_site.seed["partner"]["test"]
    return example.Casino(proxy.url, key=key["key"], secret=key["secret"])
