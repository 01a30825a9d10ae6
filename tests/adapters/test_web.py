"""Pages over real TLS on loopback, from a server that misbehaves on request."""

import http.server
import ssl
import threading
import time

import pytest
import trustme

from adapters.settings import load_settings
from adapters.web import MAX_REDIRECTS, WebPages, parse_page_url
from schemas.errors import SettingsError, WebError


class PageServer:
    """Answers with what a test puts into `pages`: path → function of the handler."""

    def __init__(self, authority):
        self.pages = {}
        self.seen = []
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("docs.test").configure_cert(context)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.port = self._server.server_address[1]

    def url(self, path="/page"):
        return f"https://docs.test:{self.port}{path}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    owner = None
    timeout = 20

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.owner.seen.append((self.path, dict(self.headers)))
        page = self.owner.pages.get(self.path)
        try:
            if page is None:
                self.send_error(404)
            else:
                page(self)
        except OSError:
            pass  # the client has had enough: what these tests are about


def text(body, content_type="text/html; charset=utf-8", status=200, **headers):
    def answer(handler):
        handler.send_response(status)
        handler.send_header("Content-Type", content_type)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body.encode())

    return answer


def redirect(to):
    return text("", status=302, Location=to)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def server(authority):
    server = PageServer(authority)
    yield server
    server.close()


@pytest.fixture
def pages(authority, tmp_path):
    return opened(authority, tmp_path)


def opened(authority, tmp_path, **settings):
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    given = {
        "AI_PROVISION_WEB_CA_FILE": str(tmp_path / "ca.pem"),
        "AI_PROVISION_WEB_ALLOW_HOSTS": "docs.test",
        "AI_PROVISION_WEB_MAX_BYTES": "64Ki",
        "AI_PROVISION_WEB_TIMEOUT_SECONDS": "2",
        **settings,
    }
    names = {"docs.test": ("127.0.0.1",), "inside.test": ("127.0.0.1",)}
    names |= {address: (address,) for address in ("169.254.169.254", "::1")}
    return WebPages(load_settings(given), lambda host, _port: names.get(host, ()))


def test_a_page_is_fetched_in_the_name_of_its_host(server, pages):
    server.pages["/page?a=1"] = text("<p>hello</p>")
    page = pages.fetch(server.url("/page?a=1"))
    assert (page.data, page.content_type) == (b"<p>hello</p>", "text/html")
    assert page.url == server.url("/page?a=1")
    paths = [path for path, _ in server.seen]
    assert paths == ["/robots.txt", "/page?a=1"]
    headers = server.seen[1][1]
    assert headers["Host"] == f"docs.test:{server.port}"
    assert headers["User-Agent"] == "ai-provision"


def test_redirects_are_followed_and_the_last_url_is_named(server, pages):
    server.pages["/old"] = redirect("/new")
    server.pages["/new"] = text("there")
    assert pages.fetch(server.url("/old")).url == server.url("/new")


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("https://inside.test/secret", "web.private_address"),
        ("https://169.254.169.254/latest/meta-data", "web.private_address"),
        ("https://[::1]/", "web.private_address"),
        ("https://2130706433/", "web.private_address"),
        ("http://docs.test/plain", "web.scheme"),
        ("file:///etc/passwd", "web.scheme"),
        ("https://user:secret@docs.test/", "web.url"),
        ("/page", "web.redirects"),
    ],
    ids=["private", "metadata", "loopback", "number", "plain", "file", "credentials", "loop"],
)
def test_a_redirect_is_held_to_the_rules_of_the_first_url(server, pages, location, code):
    server.pages["/page"] = redirect(location)
    with pytest.raises(WebError) as caught:
        pages.fetch(server.url())
    assert caught.value.code == code
    assert len(server.seen) <= 2 * (MAX_REDIRECTS + 1)


@pytest.mark.parametrize("robots_also", [False, True], ids=["page", "robots.txt"])
def test_robots_txt_cannot_lead_to_a_private_address_either(server, pages, robots_also):
    if robots_also:
        server.pages["/robots.txt"] = redirect("https://inside.test/robots.txt")
    server.pages["/page"] = text("open")
    if robots_also:
        with pytest.raises(WebError, match="not public"):
            pages.fetch(server.url())
    else:
        assert pages.fetch(server.url()).data == b"open"


@pytest.mark.parametrize(
    ("robots", "allowed"),
    [
        (text("User-agent: *\nDisallow: /page"), False),
        (text("User-agent: *\nDisallow: /\nAllow: /page"), True),
        (text("User-agent: ai-provision\nDisallow: /\n\nUser-agent: *\nAllow: /"), False),
        (text("User-agent: other\nDisallow: /"), True),
        (text("gone", status=410), True),
        (text("broken", status=503), False),
        (text("#" * 600_000), True),
    ],
    ids=["closed", "longest match", "by name", "others", "none", "broken", "too long"],
)
def test_robots_txt_is_obeyed(server, pages, robots, allowed):
    server.pages["/robots.txt"] = robots
    server.pages["/page"] = text("open")
    if allowed:
        assert pages.fetch(server.url()).data == b"open"
    else:
        with pytest.raises(WebError) as caught:
            pages.fetch(server.url())
        assert caught.value.code == "web.robots"
        assert [path for path, _ in server.seen] == ["/robots.txt"]


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65536)


def drip(handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b"x")
        time.sleep(0.1)


def drip_headers(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(200):
        handler.wfile.write(f"X-{number}: y\r\n".encode())
        time.sleep(0.1)


def silent(_handler):
    time.sleep(6)


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (endless, "web.too_large"),
        (text("", Content_Length="2147483648"), "web.unreachable"),
        (drip, "web.timeout"),
        (drip_headers, "web.timeout"),
        (silent, "web.timeout"),
        (text("\x1f\x8b", Content_Encoding="gzip"), "web.content_encoding"),
        (text("no", status=404), "web.status"),
        (text("no", status=500), "web.status"),
    ],
    ids=["endless", "cut off", "drip", "header drip", "silent", "gzip", "404", "500"],
)
def test_a_server_that_misbehaves_costs_bounded_time_and_memory(server, pages, page, code):
    server.pages["/page"] = page
    started = time.monotonic()
    with pytest.raises(WebError) as caught:
        pages.fetch(server.url())
    assert caught.value.code == code
    assert time.monotonic() - started < 20  # the setting is 2 s; the machine may be busy


def test_a_page_of_exactly_the_limit_is_taken(server, pages):
    server.pages["/page"] = text("x" * 65536)
    assert len(pages.fetch(server.url()).data) == 65536


def test_an_unlisted_host_at_a_private_address_is_refused_before_any_connection(server, pages):
    with pytest.raises(WebError, match="not public"):
        pages.fetch(f"https://inside.test:{server.port}/page")
    assert server.seen == []


@pytest.mark.parametrize(
    ("host", "code"), [("nowhere.test", "web.unreachable"), ("docs.test", "web.unreachable")]
)
def test_what_does_not_answer_is_one_sentence(pages, host, code):
    with pytest.raises(WebError) as caught:
        pages.fetch(f"https://{host}:1/page")
    assert caught.value.code == code
    assert "\n" not in caught.value.message


def test_another_authority_is_not_trusted(server, tmp_path):
    server.pages["/page"] = text("open")
    with pytest.raises(WebError, match="certificate"):
        opened(trustme.CA(), tmp_path).fetch(server.url())


def test_a_missing_ca_file_is_a_setting_to_mend(authority, tmp_path):
    with pytest.raises(SettingsError, match="AI_PROVISION_WEB_CA_FILE"):
        opened(authority, tmp_path, AI_PROVISION_WEB_CA_FILE=str(tmp_path / "none.pem"))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com/", "web.scheme"),
        ("ftp://example.com/", "web.scheme"),
        ("https://", "web.url"),
        ("https://a b/", "web.url"),
        ("https://exa\\mple.com/", "web.url"),
        ("https://u@example.com/", "web.url"),
        ("https://example.com:99999/", "web.url"),
        ("https://example.com/" + "x" * 1000, "web.url"),
        ("https://bücher.example/", "web.url"),
    ],
)
def test_what_is_no_page_url_is_refused(url, code):
    with pytest.raises(WebError) as caught:
        parse_page_url(url)
    assert caught.value.code == code


def test_a_url_keeps_its_parts():
    parsed = parse_page_url("https://Example.com./a/b?c=d#e")
    assert (parsed.host, parsed.port, parsed.target) == ("example.com", 443, "/a/b?c=d")
    assert parsed.at("2001:db8::1") == "https://[2001:db8::1]:443/a/b?c=d"
