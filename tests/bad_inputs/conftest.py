import pytest


@pytest.fixture(scope="session")
def httpserver_listen_address():
    """By address, as most grants of internal servers are."""
    return ("127.0.0.1", 0)
