import asyncio
import json
import ssl
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

import httpx
import pytest
import respx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from indexer.errors import (
    Forbidden,
    GitHubUnavailable,
    NotFound,
    RateLimited,
    Rejected,
    SettingError,
)
from indexer.github import GitHubClient
from indexer.github_clients import GitHubClients
from indexer.settings import IndexSettings
from tests.fakes_github import FakeClock
from tests.github_simulator.server import _new_key

API = "https://api.github.com"


@pytest.fixture
def clock():
    return FakeClock(1_700_000_000.0)


@pytest.fixture
async def client(clock) -> AsyncIterator[GitHubClient]:
    clients = GitHubClients(IndexSettings(github_token="ghp_x"), sleep=clock.sleep, clock=clock)
    yield clients.for_token()
    await clients.aclose()


@respx.mock
async def test_a_read_sends_token_and_version_and_returns_json(client):
    route = respx.get(f"{API}/repos/o/r").respond(json={"id": 7})
    assert await client.get("repos/o/r") == {"id": 7}
    sent = route.calls.last.request.headers
    assert sent["authorization"] == "token ghp_x"
    assert sent["x-github-api-version"] == "2022-11-28"


@respx.mock
@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, {"message": "Not Found"}, NotFound),
        (410, {"message": "This issue was deleted"}, NotFound),
        (401, {"message": "Bad credentials"}, Forbidden),
        (403, {"message": "Resource not accessible by integration"}, Forbidden),
        (451, {"message": "Repository access blocked"}, Forbidden),
        (409, {"message": "Git Repository is empty."}, Rejected),
        (422, {"message": "Validation Failed", "errors": [{"code": "missing"}]}, Rejected),
    ],
)
async def test_final_errors_are_raised_at_once_as_ours(client, clock, status, body, error):
    route = respx.get(f"{API}/x").respond(status, json=body)
    with pytest.raises(error) as raised:
        await client.get("x")
    assert type(raised.value) is error
    assert route.call_count == 1
    assert clock.waits == []


@respx.mock
async def test_the_refusal_names_githubs_words_and_the_status(client):
    respx.post(f"{API}/x").respond(
        422, json={"message": "Validation Failed", "errors": [{"code": "already_exists"}]}
    )
    with pytest.raises(Rejected, match=r"Validation Failed \(already_exists\)") as raised:
        await client.post("x", {})
    assert raised.value.status == 422


@respx.mock
async def test_a_wrong_token_is_named_as_the_setting(client):
    respx.get(f"{API}/x").respond(401, json={"message": "Bad credentials"})
    with pytest.raises(Forbidden, match="GITHUB_TOKEN"):
        await client.get("x")


@respx.mock
async def test_reads_are_repeated_after_server_errors_and_broken_connections(client, clock):
    respx.get(f"{API}/x").mock(
        side_effect=[
            httpx.Response(502, html="<h1>bad gateway</h1>"),
            httpx.ConnectError("refused"),
            httpx.ReadTimeout("slow"),
            httpx.Response(200, json=[1]),
        ]
    )
    assert await client.get("x") == [1]
    assert len(clock.waits) == 3
    assert clock.waits == sorted(clock.waits)


@respx.mock
async def test_reads_give_up_in_the_end(client, clock):
    route = respx.get(f"{API}/x").respond(500)
    with pytest.raises(GitHubUnavailable):
        await client.get("x")
    assert 3 < route.call_count < 10
    assert sum(clock.waits) <= 60


@respx.mock
@pytest.mark.parametrize("method", ["post", "patch", "delete"])
@pytest.mark.parametrize(
    "answer", [httpx.Response(502), httpx.ReadTimeout("slow"), httpx.Response(429)]
)
async def test_writes_are_never_repeated(client, clock, method, answer):
    route = respx.route(method=method.upper(), url=f"{API}/x").mock(side_effect=[answer])
    with pytest.raises((GitHubUnavailable, RateLimited)):
        await getattr(client, method)("x")
    assert route.call_count == 1
    assert clock.waits == []


@respx.mock
async def test_nothing_is_returned_for_an_empty_answer(client):
    respx.delete(f"{API}/x").respond(204)
    assert await client.delete("x") is None


@respx.mock
async def test_an_answer_that_is_no_json_is_a_fault_of_the_server(client):
    respx.post(f"{API}/x").respond(200, html="<h1>a proxy's page</h1>")
    with pytest.raises(GitHubUnavailable, match="no JSON"):
        await client.post("x", {})


@respx.mock
@pytest.mark.parametrize(
    ("status", "headers", "message", "wait"),
    [
        (403, {"retry-after": "7"}, "limited", 7),
        (429, {"retry-after": "7"}, "limited", 7),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000030"}, "limited", 31),
        (403, {}, "You have exceeded a secondary rate limit.", 60),
        (429, {}, "Too many requests", 60),
        (403, {"retry-after": "soon"}, "limited", 60),
    ],
)
async def test_limits_say_how_long_to_wait(client, status, headers, message, wait):
    respx.post(f"{API}/x").respond(status, headers=headers, json={"message": message})
    with pytest.raises(RateLimited) as raised:
        await client.post("x", {})
    assert raised.value.retry_after == pytest.approx(wait)


@respx.mock
async def test_retry_after_may_be_a_date(client, clock):
    later = format_datetime(clock.moment().replace(microsecond=0), usegmt=True)
    clock.now -= 20
    respx.post(f"{API}/x").respond(403, headers={"retry-after": later}, json={"message": "no"})
    with pytest.raises(RateLimited) as raised:
        await client.post("x", {})
    assert raised.value.retry_after == pytest.approx(20)


@respx.mock
async def test_reads_wait_for_a_limit_that_ends_soon(client, clock):
    respx.get(f"{API}/x").mock(
        side_effect=[
            httpx.Response(403, headers={"retry-after": "5"}, json={"message": "slow down"}),
            httpx.Response(200, json={}),
        ]
    )
    assert await client.get("x") == {}
    assert 5 <= clock.waits[0] <= 6


@respx.mock
async def test_reads_do_not_wait_longer_than_their_patience(client, clock):
    respx.get(f"{API}/x").respond(403, headers={"retry-after": "600"}, json={"message": "no"})
    with pytest.raises(RateLimited):
        await client.get("x", patience=10)
    assert clock.waits == []


@respx.mock
async def test_many_limits_in_a_row_are_waited_for_while_patience_lasts(client, clock):
    limited = httpx.Response(403, headers={"retry-after": "60"}, json={"message": "no"})
    respx.get(f"{API}/x").mock(side_effect=[limited] * 12 + [httpx.Response(200, json=1)])
    assert await client.get("x", patience=3_600) == 1
    assert len(clock.waits) == 12


@respx.mock
async def test_pages_are_followed_to_the_end(client):
    second = f"{API}/list?per_page=100&page=2"
    respx.get(f"{API}/list", params={"per_page": "100", "page": "2"}).respond(json=[3])
    respx.get(f"{API}/list", params={"per_page": "100"}).respond(
        json=[1, 2], headers={"link": f'<{second}>; rel="next"'}
    )
    assert [item async for item in client.paginate("list")] == [1, 2, 3]


@respx.mock
async def test_a_list_may_stand_inside_an_object(client):
    respx.get(f"{API}/list").respond(json={"total_count": 1, "repositories": [{"id": 5}]})
    assert [r["id"] async for r in client.paginate("list", key="repositories")] == [5]


@respx.mock
@pytest.mark.parametrize(
    ("errors", "error"),
    [
        ([{"type": "NOT_FOUND", "message": "Could not resolve"}], NotFound),
        ([{"type": "FORBIDDEN", "message": "Resource not accessible"}], Forbidden),
        ([{"message": "Field 'x' doesn't exist on type 'Issue'"}], Rejected),
        ([{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}], RateLimited),
    ],
)
async def test_graphql_errors_are_ours(client, errors, error):
    respx.post(f"{API}/graphql").respond(json={"data": {"repository": None}, "errors": errors})
    with pytest.raises(error) as raised:
        await client.graphql("query { x }", patience=1)
    assert type(raised.value) is error


@respx.mock
async def test_a_graphql_query_that_ran_out_of_time_is_asked_again(client):
    route = respx.post(f"{API}/graphql").mock(
        side_effect=[
            httpx.Response(
                200, json={"errors": [{"message": "Something went wrong while executing"}]}
            ),
            httpx.Response(200, json={"data": {"x": 1}}),
        ]
    )
    assert await client.graphql("query($a: Int) { x }", {"a": 2}) == {"x": 1}
    assert json.loads(route.calls.last.request.content)["variables"] == {"a": 2}


@respx.mock
@pytest.mark.parametrize("body", [[], {"data": None}, {"data": []}, {}])
async def test_a_graphql_answer_without_data_is_a_fault_of_the_server(client, body):
    respx.post(f"{API}/graphql").respond(json=body)
    with pytest.raises(GitHubUnavailable):
        await client.graphql("query { x }")


@respx.mock
@pytest.mark.parametrize(
    ("github_url", "rest", "graphql"),
    [
        ("https://ghe.corp", "https://ghe.corp/api/v3", "https://ghe.corp/api/graphql"),
        ("https://sub.ghe.com", "https://api.sub.ghe.com", "https://api.sub.ghe.com/graphql"),
    ],
)
async def test_enterprise_addresses(github_url, rest, graphql):
    respx.get(f"{rest}/repos/o/r").respond(json={"id": 1})
    respx.post(graphql).respond(json={"data": {"ok": True}})
    clients = GitHubClients(IndexSettings(github_url=github_url, github_token="t"))
    client = await clients.for_repo("o/r")
    assert await client.get("repos/o/r") == {"id": 1}
    assert await client.graphql("query { ok }") == {"ok": True}
    assert client.web_url == github_url
    await clients.aclose()


@pytest.mark.parametrize(
    ("given", "web"),
    [
        ({"github_api_url": "https://ghe.corp/api/v3/"}, "https://ghe.corp"),
        ({"github_api_url": "https://ghe.corp:8443/api/v3"}, "https://ghe.corp:8443"),
        ({"github_api_url": "https://api.sub.ghe.com"}, "https://sub.ghe.com"),
        ({"github_api_url": "https://api.github.com"}, "https://github.com"),
        ({"github_api_url": "https://gateway.corp/github"}, "https://github.com"),
        (
            {"github_api_url": "https://inner.corp/api/v3", "github_url": "https://ghe.corp/"},
            "https://ghe.corp",
        ),
    ],
)
def test_pages_are_where_the_api_is_unless_told_otherwise(given, web):
    assert IndexSettings(**given).web_url == web


@pytest.fixture
async def app_clients(clock):
    _, pem = _new_key()
    clients = GitHubClients(
        IndexSettings(github_app_id=12, github_private_key=pem), sleep=clock.sleep, clock=clock
    )
    yield clients
    await clients.aclose()


def _token(value: str) -> httpx.Response:
    body = {"token": value, "expires_at": "2099-01-01T00:00:00Z", "permissions": {}}
    return httpx.Response(201, json=body)


@respx.mock
async def test_an_installation_is_looked_up_once_and_its_token_kept(app_clients):
    found = respx.get(f"{API}/repos/o/r/installation").respond(json={"id": 9})
    tokens = respx.post(f"{API}/app/installations/9/access_tokens").mock(
        side_effect=lambda _: _token("ghs_1")
    )
    respx.get(f"{API}/repos/o/r").respond(json={})
    for name in ("o/r", "O/R"):
        client = await app_clients.for_repo(name)
        await client.get("repos/o/r")
    assert (found.call_count, tokens.call_count) == (1, 1)
    assert found.calls.last.request.headers["authorization"].startswith("Bearer ey")


@respx.mock
async def test_a_revoked_token_is_replaced_once_even_for_a_write(app_clients):
    tokens = respx.post(f"{API}/app/installations/9/access_tokens").mock(
        side_effect=[_token("ghs_old"), _token("ghs_new")]
    )
    posted = respx.post(f"{API}/x").mock(
        side_effect=[
            httpx.Response(401, json={"message": "Bad credentials"}),
            httpx.Response(201, json={"id": 1}),
        ]
    )
    assert await app_clients.for_installation(9).post("x", {}) == {"id": 1}
    assert tokens.call_count == 2
    assert posted.calls.last.request.headers["authorization"] == "token ghs_new"


@respx.mock
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(404, json={"message": "Not Found"}), NotFound),
        (httpx.Response(403, json={"message": "This installation has been suspended"}), Forbidden),
        (httpx.Response(403, headers={"retry-after": "30"}, json={"message": "no"}), RateLimited),
        (
            httpx.Response(
                403,
                headers={"retry-after": "Tue, 14 Nov 2023 22:14:20 GMT"},
                json={"message": "no"},
            ),
            GitHubUnavailable,
        ),
        (httpx.Response(503), GitHubUnavailable),
    ],
)
async def test_a_refused_token_request_is_an_error_of_ours(app_clients, answer, error):
    respx.post(f"{API}/app/installations/9/access_tokens").mock(side_effect=[answer] * 9)
    with pytest.raises(error) as raised:
        await app_clients.for_installation(9).get("x", patience=0.1)
    assert type(raised.value) is error


@respx.mock
async def test_a_repository_without_the_app_is_said_so(app_clients):
    respx.get(f"{API}/repos/o/r/installation").respond(404, json={"message": "Not Found"})
    with pytest.raises(NotFound, match="not installed on o/r"):
        await app_clients.for_repo("o/r")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "GITHUB_TOKEN"),
        ({"github_app_id": 1}, "GITHUB_PRIVATE_KEY_PATH"),
        ({"github_app_id": 1, "github_private_key": "nonsense"}, "GITHUB_PRIVATE_KEY"),
        ({"github_app_id": 1, "github_private_key_path": "/none"}, "GITHUB_PRIVATE_KEY_PATH"),
    ],
)
async def test_a_missing_or_wrong_credential_is_named(fields, named):
    with pytest.raises(SettingError, match=named):
        await GitHubClients(IndexSettings(**fields)).for_repo("o/r")


@pytest.mark.parametrize("call", ["for_token", "app"])
def test_asking_for_a_client_without_its_setting(call):
    with pytest.raises(SettingError, match="is not set"):
        getattr(GitHubClients(IndexSettings()), call)()


@respx.mock
async def test_one_client_serves_several_event_loops(client):
    respx.get(f"{API}/x").respond(json=1)
    assert await client.get("x") == 1
    found: list[object] = []

    def elsewhere() -> None:
        found.append(asyncio.run(client.get("x")))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    await asyncio.to_thread(thread.join)
    assert found == [1]


@respx.mock
async def test_a_link_to_another_host_does_not_get_the_token(client):
    respx.get(f"{API}/list", params={"page": "2"}).respond(json=[2])
    respx.get(f"{API}/list", params={"per_page": "100"}).respond(
        json=[1], headers={"link": '<https://elsewhere.test/list?page=2>; rel="next"'}
    )
    assert [item async for item in client.paginate("list")] == [1, 2]


@respx.mock
async def test_any_text_can_be_sent(client):
    route = respx.post(f"{API}/x").respond(201, json={})
    await client.post("x", {"body": "한국어 🦀 \ud800 \x00"})
    assert json.loads(route.calls.last.request.content) == {"body": "한국어 🦀 ? \x00"}


@pytest.fixture
def https_of_our_own(tmp_path):
    """An HTTPS server on loopback whose certificate nobody issued; its address and that file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "github.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "own.pem"
    pem.write_bytes(certificate.public_bytes(Encoding.PEM))
    both = tmp_path / "both.pem"
    both.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + pem.read_bytes()
    )

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"https://127.0.0.1:{server.server_port}", pem
    server.shutdown()
    serving.join()
    server.server_close()


async def test_a_certificate_of_ones_own_ca_names_the_way_to_trust_it(
    https_of_our_own, clock, monkeypatch
):
    address, pem = https_of_our_own
    settings = IndexSettings(github_url=address, github_token="ghp_x")
    clients = GitHubClients(settings, sleep=clock.sleep, clock=clock)
    with pytest.raises(GitHubUnavailable, match=r"is not trusted \(self.signed.*SSL_CERT_FILE"):
        await clients.for_token().get("x")
    await clients.aclose()
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    assert await clients.for_token().get("x") == {}
    await clients.aclose()
