import contextlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvesters.errors import HarvestError
from harvesters.fetch.grants import (
    Endpoint,
    endpoint_of,
    has_credentials,
    is_local,
    local_path,
    parse_grants,
    secret_parameters,
    shown,
    with_params,
    without_credentials,
)


def code(function, *args):
    with pytest.raises(HarvestError) as caught:
        function(*args)
    return caught.value.code


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("Data.ThanhHoa.gov.vn:443", "data.thanhhoa.gov.vn", 443),
        ("data.thanhhoa.gov.vn.:80", "data.thanhhoa.gov.vn", 80),
        ("10.0.0.5:5432", "10.0.0.5", 5432),
        ("[::1]:8080", "::1", 8080),
        ("[2001:DB8::0001]:80", "2001:db8::1", 80),
        ("[::ffff:10.0.0.5]:80", "10.0.0.5", 80),
        ("https://data.gov.vn", "data.gov.vn", 443),
        ("http://data.gov.vn:8000/ckan", "data.gov.vn", 8000),
        ("sở.thanhhóa.vn:80", "xn--s-lym.xn--thanhha-q0a.vn", 80),
    ],
)
def test_a_grant_names_a_host_and_a_port(text, host, port):
    assert parse_grants([text]).endpoints == {Endpoint(host, port)}


@pytest.mark.parametrize(
    "text",
    [
        "data.gov.vn",
        "data.gov.vn:",
        "data.gov.vn:0",
        "data.gov.vn:70000",
        "::1:80",
        "*:80",
        "a b:80",
        "u@h:80",
        "data.gov.vn:80/x",
        "[data.gov.vn]:x",
        "",
        "./du-lieu",
    ],
)
def test_what_is_neither_host_and_port_nor_folder_is_refused(text):
    assert code(parse_grants, [text]) == "bad_setting"


def test_folders_are_absolute_paths_or_file_urls(tmp_path):
    grants = parse_grants([str(tmp_path), "file:///srv/d%E1%BB%AF%20li%E1%BB%87u/"])
    assert grants.folders == (str(tmp_path), "/srv/dữ liệu")
    assert grants.endpoints == frozenset()


@pytest.mark.parametrize(
    "url",
    [
        "http://cong.gov.vn:81/",  # another port
        "https://cong.gov.vn/",
        "http://cong.gov.vn.evil.vn/",
        "http://evil.vn/cong.gov.vn:80",
        "http://cong.gov.vn@evil.vn/",
        "http://evil.vn\\@khac.vn/",
        "http://127.0.0.1/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://127.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
    ],
)
def test_only_what_was_granted_is_reached(url):
    grants = parse_grants(["cong.gov.vn:80"])
    assert code(lambda: grants.check_endpoint(endpoint_of(url))) == "host_not_granted"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://cong.gov.vn/", "gopher://x:70/"])
def test_other_schemes_cannot_be_granted(url):
    assert code(endpoint_of, url) == "host_not_granted"


@pytest.mark.parametrize("url", ["http://", "http://:80/", "http://h:99999/", "http://[::1/"])
def test_a_broken_url_says_so(url):
    assert code(endpoint_of, url) == "bad_setting"


def test_default_ports_and_spellings_are_one_endpoint():
    grants = parse_grants(["cong.gov.vn:80", "[::1]:443"])
    for url in ("http://cong.gov.vn/a", "http://CONG.gov.vn.:80/b", "https://[0:0::1]/"):
        grants.check_endpoint(endpoint_of(url))


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "::1", "169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1"]
)
def test_a_name_may_not_lead_to_this_machine_or_its_surroundings(address):
    grants = parse_grants(["so.thanhhoa.gov.vn:80"])
    endpoint = Endpoint("so.thanhhoa.gov.vn", 80)
    assert code(grants.check_addresses, endpoint, [address]) == "host_not_granted"
    assert code(grants.check_addresses, endpoint, ["10.1.2.3", address]) == "host_not_granted"


def test_a_name_may_lead_to_a_departments_internal_address():
    grants = parse_grants(["so.thanhhoa.gov.vn:80"])
    grants.check_addresses(Endpoint("so.thanhhoa.gov.vn", 80), ["10.1.2.3", "fd00::5", "1.1.1.1"])


def test_an_address_that_is_itself_granted_may_be_this_machine():
    named = parse_grants(["so.thanhhoa.gov.vn:80", "127.0.0.1:80"])
    named.check_addresses(Endpoint("so.thanhhoa.gov.vn", 80), ["127.0.0.1"])
    parse_grants(["127.0.0.1:80"]).check_addresses(Endpoint("127.0.0.1", 80), ["127.0.0.1"])
    parse_grants(["localhost:80"]).check_addresses(Endpoint("localhost", 80), ["::1"])


def test_folder_containment_is_by_whole_names_and_real_paths(tmp_path):
    granted, beside = tmp_path / "so", tmp_path / "so-khac"
    granted.mkdir()
    beside.mkdir()
    (beside / "a.csv").write_text("x")
    (granted / "ra-ngoai").symlink_to(beside)
    (tmp_path / "loi-tat").symlink_to(granted)
    grants = parse_grants([str(granted)])
    assert grants.check_path(str(tmp_path / "loi-tat" / "b.csv"), "b") == str(granted / "b.csv")
    for path in (
        beside / "a.csv",
        granted / ".." / "so-khac" / "a.csv",
        granted / "ra-ngoai/a.csv",
    ):
        assert code(grants.check_path, str(path), "a.csv") == "host_not_granted"
    assert code(parse_grants([]).check_path, os.fspath(granted), "so") == "host_not_granted"


def test_file_urls_and_paths():
    assert local_path("file:///a/b%20c.csv") == "/a/b c.csv"
    assert local_path("file:/a/b.csv") == "/a/b.csv"
    assert code(local_path, "file://may-khac/a.csv") == "host_not_granted"
    assert code(local_path, "a.csv") == "bad_setting"
    assert code(local_path, "/a\x00b") == "bad_setting"
    assert is_local("/a")
    assert is_local("FILE:///a")
    assert not is_local("http://a/b")


def test_credentials_and_secrets_are_not_shown():
    assert has_credentials("http://u:p@h/")
    assert without_credentials("http://u:p@h:81/x?y=1#z") == "http://h:81/x?y=1"
    assert shown("https://u:p@h/x?api_key=abc&q=d%C3%A2n") == "https://h/x?api_key=***&q=d%C3%A2n"
    assert "bí-mật" not in shown("postgresql://u:bí-mật@[::1/x")


@pytest.mark.parametrize(
    "name",
    ["api_key", "apiKey", "access-token", "token", "pwd", "mat_khau", "X-Amz-Signature", "sig"],
)
def test_a_key_in_the_query_is_known_as_one(name):
    url = f"https://h/x?q=1&{name}=abc"
    assert secret_parameters(url) == (name,)
    assert "abc" not in shown(url)
    assert secret_parameters(f"https://h/x?{name}=") == ()


@pytest.mark.parametrize("name", ["keyword", "author", "resumptionToken", "pageToken", "q", "sort"])
def test_what_only_looks_like_a_key_is_shown(name):
    url = f"https://h/x?{name}=abc"
    assert secret_parameters(url) == ()
    assert shown(url) == url


def test_urls_are_encoded_once():
    url = with_params("http://h/dữ liệu/a%20b?x=ệ", {"fq": 'name:"dân số"'})
    assert url == (
        "http://h/d%E1%BB%AF%20li%E1%BB%87u/a%20b?x=%E1%BB%87&fq=name%3A%22d%C3%A2n+s%E1%BB%91%22"
    )


@given(st.text(max_size=60))
def test_no_text_breaks_the_parsing(text):
    for function in (lambda: parse_grants([text]), lambda: endpoint_of(text), lambda: shown(text)):
        with contextlib.suppress(HarvestError):
            function()
