"""The simulator is held against what GitHub documents, so that tests on it mean something."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from graphql import build_schema

from indexer.sources import queries
from tests.fakes_github import comments, thread
from tests.github_simulator import Seed, Simulator, check_schema
from tests.github_simulator.check_schema import QUERIES, differences, refused_queries
from tests.github_simulator.graph import SCHEMA_FILE

REPO = "octo/widgets"
SECRET = "s3cret"


class Receiver:
    """Takes webhooks, as the App would."""

    def __init__(self):
        self.got = []
        self.status = 202
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def events(self):
        found = [(h["X-GitHub-Event"], json.loads(b)) for h, b in self.got]
        return sorted((event, payload["action"], payload) for event, payload in found)


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def sim(receiver):
    entry = {
        "full_name": REPO,
        "threads": [thread(n, labels=["bug"]) for n in (1, 2, 3)],
        "pulls": [{"number": 7, "title": "Change", "created_at": datetime(2024, 3, 1, tzinfo=UTC)}],
        "labels": ["question"],
        "config": "mode: shadow\n",
        "collaborators": {"boss": "maintain"},
    }
    other = {"full_name": "else/where", "threads": [thread(1)]}
    seed = Seed.model_validate({"repositories": [entry, other]})
    with Simulator(seed, webhook_url=receiver.url, webhook_secret=SECRET) as made:
        yield made


@pytest.fixture
def http(sim):
    with httpx.Client(base_url=sim.url, trust_env=False) as client:
        yield client


def app_jwt(sim, **claims):
    now = int(time.time())
    fields = {"iat": now - 60, "exp": now + 540, "iss": str(sim.app_id), **claims}
    return {"authorization": f"Bearer {jwt.encode(fields, sim.private_key, 'RS256')}"}


@pytest.fixture
def token(sim, http):
    made = http.post("/app/installations/1001/access_tokens", headers=app_jwt(sim))
    return {"authorization": f"token {made.json()['token']}"}


# who may do what


def test_the_app_is_known_by_its_signature(sim, http):
    assert http.get("/app", headers=app_jwt(sim)).json()["slug"] == "oncall-intern"
    found = http.get(f"/repos/{REPO}/installation", headers=app_jwt(sim)).json()
    assert (found["id"], found["account"]["login"]) == (1001, "octo")
    assert len(http.get("/app/installations", headers=app_jwt(sim)).json()) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        lambda now: {"exp": now - 100},
        lambda now: {"exp": now + 3_600},
        lambda now: {"iat": now + 600},
        lambda _now: {"iss": "1"},
    ],
    ids=["expired", "valid too long", "issued in the future", "another app"],
)
def test_a_wrong_claim_is_refused(sim, http, wrong):
    # The moment is the test's own: minutes after collection a future `iat` would lie in the past.
    claims = wrong(int(time.time()))
    assert http.get("/app", headers=app_jwt(sim, **claims)).status_code == 401


def test_another_key_or_no_key_is_refused(sim, http, token):
    other = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    now = int(time.time())
    claims = {"iat": now, "exp": now + 60, "iss": str(sim.app_id)}
    forged = jwt.encode(claims, other, "RS256")
    unsigned = jwt.encode(claims, "x" * 32, "HS256")
    for value in (forged, unsigned, "a.b.c", "nothing"):
        headers = {"authorization": f"Bearer {value}"}
        assert http.get("/app", headers=headers).status_code == 401
    assert http.get("/app", headers=token).status_code == 401
    assert http.get("/app").status_code == 401
    assert http.get(f"/repos/{REPO}", headers=app_jwt(sim)).status_code == 401


def test_a_token_opens_its_installation_only(sim, http, token):
    assert http.get(f"/repos/{REPO}", headers=token).json()["full_name"] == REPO
    assert http.get("/repos/else/where", headers=token).status_code == 404
    shown = http.get("/installation/repositories", headers=token).json()
    assert [r["full_name"] for r in shown["repositories"]] == [REPO]


def test_a_token_expires_and_can_be_revoked(sim, http):
    sim.authority.token_life = timedelta(seconds=-1)
    made = http.post("/app/installations/1001/access_tokens", headers=app_jwt(sim)).json()
    headers = {"authorization": f"token {made['token']}"}
    assert http.get(f"/repos/{REPO}", headers=headers).status_code == 401


def test_a_token_may_be_narrowed_but_not_widened(sim, http):
    def ask(permissions):
        return http.post(
            "/app/installations/1001/access_tokens",
            headers=app_jwt(sim),
            json={"permissions": permissions, "repositories": ["widgets"]},
        )

    assert ask({"contents": "write"}).status_code == 422
    headers = {"authorization": f"token {ask({'issues': 'read'}).json()['token']}"}
    assert http.get(f"/repos/{REPO}/issues/1", headers=headers).status_code == 200
    refused = http.post(f"/repos/{REPO}/issues/1/comments", headers=headers, json={"body": "x"})
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "Resource not accessible by integration",
    )


def test_a_suspended_or_removed_installation_is_closed(sim, http, token):
    sim.suspend(1001)
    assert http.get(f"/repos/{REPO}", headers=token).status_code == 403
    sim.uninstall(1001)
    assert http.get(f"/repos/{REPO}", headers=token).status_code == 401


# REST


def test_a_comment_of_the_app_bears_its_name(sim, http, token, receiver):
    made = http.post(f"/repos/{REPO}/issues/1/comments", headers=token, json={"body": "Hello"})
    assert made.status_code == 201
    assert made.json()["user"] == {**made.json()["user"], "login": "oncall-intern[bot]"}
    assert made.json()["user"]["type"] == "Bot"
    assert made.json()["performed_via_github_app"]["id"] == sim.app_id
    url = f"/repos/{REPO}/issues/comments/{made.json()['id']}"
    assert http.patch(url, headers=token, json={"body": "Bye"}).json()["body"] == "Bye"
    assert http.get(url, headers=token).json()["body"] == "Bye"
    assert http.delete(url, headers=token).status_code == 204
    assert http.get(url, headers=token).status_code == 404
    sim.drain()
    told = [(event, action, p["sender"]["type"]) for event, action, p in receiver.events()]
    assert told == [
        ("issue_comment", "created", "Bot"),
        ("issue_comment", "deleted", "Bot"),
        ("issue_comment", "edited", "Bot"),
    ]


@pytest.mark.parametrize("body", [{}, {"body": ""}, {"body": None}, {"body": "x" * 65_537}])
def test_a_comment_needs_a_body_of_a_bearable_length(http, token, body):
    answer = http.post(f"/repos/{REPO}/issues/1/comments", headers=token, json=body)
    assert (answer.status_code, answer.json()["message"]) == (422, "Validation Failed")


def test_lists_are_paged_with_links(http, token, sim):
    for place in range(5):
        sim.comment(REPO, 2, f"comment {place}")
    url, seen = f"/repos/{REPO}/issues/2/comments?per_page=2", []
    while url:
        page = http.get(url, headers=token)
        seen += [comment["body"] for comment in page.json()]
        assert len(page.json()) <= 2
        url = page.links.get("next", {}).get("url")
    assert seen == [f"comment {place}" for place in range(5)]


def test_pull_requests_are_issues_in_rest(http, token):
    shown = http.get(f"/repos/{REPO}/issues", headers=token, params={"state": "all"}).json()
    assert [("pull_request" in item, item["number"]) for item in shown] == [
        (True, 7),
        (False, 3),
        (False, 2),
        (False, 1),
    ]


def test_labels(http, token):
    base = f"/repos/{REPO}"
    one = f"{base}/issues/1/labels"
    assert http.get(f"{base}/labels/Intern: again", headers=token).status_code == 404
    again = {"name": "intern: again", "color": "0075ca", "description": "d"}
    assert http.post(f"{base}/labels", headers=token, json=again).status_code == 201
    twice = http.post(f"{base}/labels", headers=token, json={"name": "Intern: Again"})
    assert twice.json()["errors"][0]["code"] == "already_exists"
    added = http.post(one, headers=token, json={"labels": ["intern: again"]}).json()
    assert [label["name"] for label in added] == ["bug", "intern: again"]
    left = http.delete(f"{one}/intern:%20again", headers=token)
    assert [label["name"] for label in left.json()] == ["bug"]
    gone = http.delete(f"{one}/intern:%20again", headers=token)
    assert (gone.status_code, gone.json()["message"]) == (404, "Label does not exist")


def test_files(http, token):
    url = f"/repos/{REPO}/contents/.github/oncall-intern.yml"
    assert http.get(url, headers=token).json()["encoding"] == "base64"
    (entry,) = http.get(f"/repos/{REPO}/contents/.github", headers=token).json()
    assert entry["path"] == ".github/oncall-intern.yml"
    assert http.get(f"/repos/{REPO}/contents/none", headers=token).status_code == 404


def test_permission_of_people(http, token):
    url = f"/repos/{REPO}/collaborators/{{}}/permission"
    boss = http.get(url.format("boss"), headers=token).json()
    assert (boss["permission"], boss["role_name"]) == ("write", "maintain")
    assert http.get(url.format("anyone"), headers=token).json()["permission"] == "read"


def test_deleted_moved_and_missing_issues(sim, http, token):
    sim.delete_issue(REPO, 1)
    assert http.get(f"/repos/{REPO}/issues/1", headers=token).status_code == 410
    assert http.get(f"/repos/{REPO}/issues/99", headers=token).status_code == 404
    sim.transfer_issue(REPO, 2, "else/where")
    moved = http.get(f"/repos/{REPO}/issues/2", headers=token)
    assert (moved.status_code, moved.headers["location"].rsplit("/repos/")[1]) == (
        301,
        "else/where/issues/2",
    )


def test_reactions_count_once_a_person(sim, http, token):
    made = sim.comment(REPO, 1, "hi")
    url = f"/repos/{REPO}/issues/comments/{made['id']}/reactions"
    assert http.post(url, headers=token, json={"content": "eyes"}).status_code == 201
    assert http.post(url, headers=token, json={"content": "eyes"}).status_code == 200
    sim.react(REPO, made["id"], "+1")
    assert {r["content"] for r in http.get(url, headers=token).json()} == {"eyes", "+1"}
    assert http.post(url, headers=token, json={"content": "meh"}).status_code == 422


def test_what_has_not_changed_costs_nothing(http, token):
    first = http.get(f"/repos/{REPO}", headers=token)
    again = http.get(f"/repos/{REPO}", headers={**token, "if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"] == "1"


def test_the_primary_limit_counts_each_caller(sim, http, token):
    sim.limits.sizes["core"] = 2
    answers = [http.get(f"/repos/{REPO}", headers=token) for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 403]
    assert [a.headers["x-ratelimit-remaining"] for a in answers] == ["1", "0", "0"]
    assert int(answers[2].headers["x-ratelimit-reset"]) > time.time()
    assert http.get("/app", headers=app_jwt(sim)).status_code == 200


def test_both_roots_of_an_enterprise_server(http, token):
    assert http.get(f"/api/v3/repos/{REPO}", headers=token).status_code == 200
    answer = http.post("/api/graphql", headers=token, json={"query": "{ viewer { login } }"})
    assert answer.json()["data"]["viewer"]["login"] == "oncall-intern[bot]"


# trouble


def test_an_answer_may_be_lost_after_it_took_effect(sim, http, token):
    sim.trouble.add("POST /repos/*/comments", status=502, after=True)
    url = f"/repos/{REPO}/issues/1/comments"
    assert http.post(url, headers=token, json={"body": "once"}).status_code == 502
    assert [c["body"] for c in http.get(url, headers=token).json()] == ["once"]


def test_trouble_comes_as_often_as_asked(sim, http, token):
    sim.trouble.add("GET /repos/*", status=500, times=2)
    found = [http.get(f"/repos/{REPO}", headers=token).status_code for _ in range(3)]
    assert found == [500, 500, 200]


@pytest.mark.parametrize(
    ("kind", "header"),
    [("primary", "x-ratelimit-reset"), ("secondary", "retry-after"), ("abuse", None)],
)
def test_limits_on_demand(sim, http, token, kind, header):
    sim.trouble.add("GET /repos/*", kind=kind)
    answer = http.get(f"/repos/{REPO}", headers=token)
    assert answer.status_code == 403
    assert header is None or header in answer.headers
    assert "retry-after" not in answer.headers or kind == "secondary"


def test_slow_answers(sim, http, token):
    sim.trouble.add("GET /repos/*", kind="slow", delay=0.2)
    begun = time.perf_counter()
    assert http.get(f"/repos/{REPO}", headers=token).status_code == 200
    assert time.perf_counter() - begun >= 0.2


# GraphQL


def ask(http, token, query, **variables):
    body = {"query": query, "variables": variables}
    return http.post("/graphql", headers=token, json=body).json()


def in_repository(fields):
    return '{ repository(owner: "octo", name: "widgets") {' + fields + "} }"


DEEP = """issues(first: 100) { nodes { repository { issues(first: 100) { nodes {
    comments(first: 100) { totalCount } } } } } }"""


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ('{ repository(owner: "octo", name: "none") { id } }', "NOT_FOUND"),
        (in_repository("issue(number: 7) { id }"), "NOT_FOUND"),
        (in_repository("issues { totalCount }"), "MISSING_PAGINATION_BOUNDARIES"),
        (in_repository("issues(first: 101) { totalCount }"), "EXCESSIVE_PAGINATION"),
        (in_repository(DEEP), "MAX_NODE_LIMIT_EXCEEDED"),
        (in_repository('issues(first: 1, after: "?") { totalCount }'), "INVALID_CURSOR_ARGUMENTS"),
    ],
)
def test_graphql_errors_have_githubs_types(http, token, query, kind):
    assert ask(http, token, query)["errors"][0]["type"] == kind


def test_a_field_that_github_has_not_is_refused(http, token):
    found = ask(http, token, '{ repository(owner: "octo", name: "widgets") { nonsense } }')
    assert found["errors"][0]["extensions"]["code"] == "undefinedField"


@pytest.mark.parametrize(
    ("issues", "points"),
    # (1 + n * 5 connections) / 100, rounded, at least one
    [(1, 1), (29, 1), (50, 3), (100, 5)],
)
def test_cost_is_counted_as_documented(http, token, issues, points):
    found = ask(
        http,
        token,
        queries.threads(),
        owner="octo",
        name="widgets",
        issues=issues,
        comments=30,
        order="CREATED_AT",
    )
    assert found["data"]["rateLimit"]["cost"] == points
    assert found["data"]["rateLimit"]["remaining"] == 5_000 - points


def test_a_used_up_graphql_limit(sim, http, token):
    sim.limits.sizes["graphql"] = 1
    assert "data" in ask(http, token, "{ viewer { login } }")
    assert ask(http, token, "{ viewer { login } }")["errors"][0]["type"] == "RATE_LIMITED"


# webhooks


def test_opening_an_issue_tells_the_app_in_a_signed_request(sim, receiver):
    made = sim.open_issue(REPO, "제목 🦀", "body", "ann", labels=["bug"])
    sim.drain()
    assert [(event, action) for event, action, _ in receiver.events()] == [
        ("issues", "labeled"),
        ("issues", "opened"),
    ]
    for headers, body in receiver.got:
        wanted = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-Hub-Signature-256"] == wanted
        assert headers["User-Agent"].startswith("GitHub-Hookshot/")
    payload = receiver.events()[1][2]
    assert payload["issue"]["number"] == made["number"] == 8
    assert payload["issue"]["title"] == "제목 🦀"
    assert payload["installation"]["id"] == 1001
    assert payload["sender"]["login"] == "ann"
    assert payload["repository"]["full_name"] == REPO


def test_a_redelivery_keeps_its_guid(sim, receiver):
    sim.open_issue(REPO, "x")
    sim.drain()
    (first,) = sim.deliveries()
    sim.redeliver(first["guid"])
    sim.drain()
    old, new = sim.deliveries()
    assert (old["guid"], old["redelivery"]) == (new["guid"], False)
    assert new["redelivery"]
    assert old["id"] != new["id"]
    assert receiver.got[0][1] == receiver.got[1][1]


def test_edits_tell_what_was_there_before(sim, receiver):
    sim.edit(REPO, 1, title="new")
    sim.edit(REPO, 1, title="new")
    sim.drain()
    ((_, action, payload),) = receiver.events()
    assert (action, payload["changes"]) == ("edited", {"title": {"from": "Issue 1"}})


@pytest.mark.parametrize(
    ("act", "event", "action"),
    [
        (lambda s: s.close(REPO, 1, reason="not_planned"), "issues", "closed"),
        (lambda s: s.reopen(REPO, 1), "issues", "reopened"),
        (lambda s: s.delete_issue(REPO, 1), "issues", "deleted"),
        (lambda s: s.remove_label(REPO, 1, "bug"), "issues", "unlabeled"),
        (lambda s: s.lock_issue(REPO, 1), "issues", "locked"),
        (lambda s: s.comment(REPO, 1, "hi"), "issue_comment", "created"),
        (lambda s: s.rename_repository(REPO, "new"), "repository", "renamed"),
        (lambda s: s.set_private(REPO, private=True), "repository", "privatized"),
        (lambda s: s.archive_repository(REPO), "repository", "archived"),
        (lambda s: s.delete_repository(REPO), "repository", "deleted"),
        (lambda s: s.publish_release(REPO, "v1"), "release", "published"),
        (lambda s: s.announce_installation(1001), "installation", "created"),
        (lambda s: s.uninstall(1001), "installation", "deleted"),
        (lambda s: s.suspend(1001), "installation", "suspend"),
        (lambda s: s.install("new-org", []), "installation", "created"),
        (lambda s: s.remove_repository(1001, REPO), "installation_repositories", "removed"),
        (
            lambda s: s.add_repository(1001, {"full_name": "octo/more"}),
            "installation_repositories",
            "added",
        ),
    ],
)
def test_everything_that_happens_is_told(sim, receiver, act, event, action):
    act(sim)
    sim.drain()
    (found,) = receiver.events()
    assert found[:2] == (event, action)
    assert found[2]["installation"]["id"] >= 1001


def test_a_transfer_is_told_to_the_new_owner_and_the_old_name_leads_on(sim, receiver):
    installation = sim.install("new-org", [])
    sim.world.installations[installation].selection = "all"
    assert sim.transfer_repository(REPO, "new-org") == "new-org/widgets"
    sim.drain()
    _, (event, action, payload) = receiver.events()
    assert (event, action) == ("repository", "transferred")
    assert payload["changes"]["owner"]["from"]["organization"]["login"] == "octo"
    assert payload["repository"]["full_name"] == "new-org/widgets"
    assert payload["installation"]["id"] == installation
    assert sim.thread(REPO, 1) == sim.thread("new-org/widgets", 1)


def test_a_push_names_what_it_touched(sim, receiver):
    sim.set_files(REPO, {"docs/a.md": "A", ".github/oncall-intern.yml": None})
    sim.drain()
    payload = json.loads(receiver.got[0][1])
    assert payload["commits"][0]["added"] == ["docs/a.md"]
    assert payload["commits"][0]["removed"] == [".github/oncall-intern.yml"]
    assert payload["after"] == sim.world.repositories[REPO].head.sha


def test_a_receiver_that_fails_or_is_away_is_in_the_log(sim, receiver):
    receiver.status = 500
    sim.open_issue(REPO, "x")
    sim.drain()
    sim.set_webhook("http://127.0.0.1:1/webhooks")
    sim.open_issue(REPO, "y")
    sim.drain()
    sim.pause_webhooks()
    sim.open_issue(REPO, "z")
    assert [d["status_code"] for d in sim.deliveries()] == [500, 0, 0]
    assert "connect" in sim.deliveries()[1]["status"]


def test_deliveries_are_listed_and_sent_again_by_the_app(sim, http, receiver):
    for title in "abc":
        sim.open_issue(REPO, title)
    sim.drain()
    first = http.get("/app/hook/deliveries?per_page=2", headers=app_jwt(sim))
    rest = http.get(first.links["next"]["url"], headers=app_jwt(sim))
    assert [d["id"] for d in first.json() + rest.json()] == [3, 2, 1]
    assert http.post("/app/hook/deliveries/1/attempts", headers=app_jwt(sim)).status_code == 202
    sim.drain()
    assert len(receiver.got) == 4


# control and seeds


def test_another_process_can_act(sim, http):
    made = http.post("/_sim/open_issue", json={"repo": REPO, "title": "remote"}).json()
    assert http.post("/_sim/thread", json={"repo": REPO, "number": 8}).json()["title"] == "remote"
    assert made["number"] == 8
    assert http.post("/_sim/drain").status_code == 200
    assert len(http.post("/_sim/deliveries").json()) == 1
    assert http.post("/_sim/thread", json={"repo": REPO, "number": 99}).status_code == 404
    assert http.post("/_sim/stop").status_code == 404
    assert http.post("/_sim/thread", json={"nonsense": 1}).status_code == 400
    added = {"match": "GET /repos/*", "status": 503}
    assert http.post("/_sim/add_trouble", json=added).status_code == 200
    assert http.get("/_sim/repositories").json()[0]["full_name"] == REPO


def test_waiting_for_the_comment_of_the_app(sim, http, token):
    assert sim.wait_for_comment(REPO, 1, timeout=0.05) is None
    sim.comment(REPO, 1, "a person's")
    url = f"/repos/{REPO}/issues/1/comments"
    later = threading.Timer(0.05, http.post, (url,), {"headers": token, "json": {"body": "ours"}})
    later.start()
    assert sim.wait_for_comment(REPO, 1, timeout=10)["body"] == "ours"
    later.join()


def test_a_seed_from_an_export_is_as_it_was_then(tmp_path):
    lines = [
        thread(1, closed_at="2024-03-01T00:00:00Z", state="closed", comments=comments(3)),
        thread(2, created_at="2024-02-15T00:00:00Z"),
        thread(3, created_at="2024-04-01T00:00:00Z"),
    ]
    path = tmp_path / "export.jsonl"
    path.write_text("".join(json.dumps(line, default=str) + "\n" for line in lines))
    seed = Seed.from_export(path, REPO, as_of=datetime(2024, 2, 20, tzinfo=UTC))
    found = seed.repositories[0].threads
    assert [(t.number, t.state, len(t.comments)) for t in found] == [(1, "open", 3), (2, "open", 0)]
    everything = Seed.from_export(path, REPO).repositories[0].threads
    assert [(t.number, t.state) for t in everything] == [(1, "closed"), (2, "open"), (3, "open")]


def test_made_up_ids_are_the_same_each_time():
    entry = {"full_name": REPO, "threads": [thread(1, comments=comments(50))]}
    seed = Seed.model_validate({"repositories": [entry]})
    first, second = Simulator(seed), Simulator(seed)
    ids = [[c["id"] for c in made.comments(REPO, 1)] for made in (first, second)]
    first.stop()
    second.stop()
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 50


def test_it_runs_as_a_process_of_its_own(tmp_path, receiver):
    seed, key = tmp_path / "seed.json", tmp_path / "key.pem"
    entry = {"full_name": REPO, "threads": [thread(1)]}
    seed.write_text(json.dumps({"repositories": [entry]}, default=str))
    command = [sys.executable, "-m", "tests.github_simulator", "--seed", str(seed)]
    command += ["--webhook-url", receiver.url, "--webhook-secret", SECRET, "--app-id", "77"]
    process = subprocess.Popen(
        [*command, "--private-key-out", str(key)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
        env=dict(os.environ),
    )
    try:
        url = json.loads(process.stdout.readline())["url"]
        assert httpx.post(f"{url}/_sim/open_issue", json={"repo": REPO, "title": "x"}).is_success
        assert httpx.post(f"{url}/_sim/drain").is_success
        assert receiver.got[0][0]["X-GitHub-Hook-ID"] == "77"
        assert key.stat().st_mode & 0o777 == 0o600
    finally:
        process.terminate()
        process.stdout.close()
        assert process.wait(20) == 0


# the schema check itself


def changed(old, new):
    text = SCHEMA_FILE.read_text()
    assert old in text
    return build_schema(text.replace(old, new))


def test_the_schema_agrees_with_itself():
    ours = build_schema(SCHEMA_FILE.read_text())
    assert list(differences(ours, ours)) == []
    assert list(refused_queries(ours, QUERIES)) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("  isMinimized: Boolean!\n", "", "IssueComment.isMinimized: GitHub has no such field"),
        ("  title: String!\n  updatedAt", "  title: Int!\n  updatedAt", "Issue.title: Int!"),
        ("issue(number: Int!)", "issue(number: Int!, owner: ID!)", "GitHub requires it"),
        ("(enableDuplicate: Boolean = false)", "", "Issue.stateReason(enableDuplicate:)"),
        ("  MANNEQUIN\n", "", "CommentAuthorAssociation.MANNEQUIN: GitHub has no such value"),
        ("Closer = Commit | PullRequest", "Closer = Commit", "PullRequest is no member"),
        ("  milestone: String\n", "", "IssueFilters(milestone:): GitHub has no such argument"),
        ("type Bot implements Actor & Node", "type Bot implements Node", "not implement Actor"),
        ("  nodeCount: Int!", '  nodeCount: Int! @deprecated(reason: "x")', "deprecated"),
        ("scalar URI", "enum URI { A }", "GraphQLEnumType at GitHub"),
    ],
)
def test_the_schema_check_finds(old, new, complaint):
    ours = build_schema(SCHEMA_FILE.read_text())
    found = list(differences(ours, changed(old, new)))
    assert any(complaint in line for line in found), found


def test_the_schema_check_finds_a_query_that_github_would_refuse():
    theirs = changed("  isMinimized: Boolean!\n", "")
    found = list(refused_queries(theirs, QUERIES))
    assert any("isMinimized" in line for line in found)
    assert list(refused_queries(theirs, {"broken": "query {"})) != []


def test_the_schema_check_ends_with_1_when_it_finds_something(tmp_path, monkeypatch, capsys):
    theirs = tmp_path / "theirs.graphql"
    theirs.write_text(SCHEMA_FILE.read_text().replace("  isMinimized: Boolean!\n", ""))
    monkeypatch.setattr(sys, "argv", ["check_schema", "--theirs", str(theirs)])
    with pytest.raises(SystemExit) as ended:
        check_schema.main()
    assert "differences" in str(ended.value.code)  # a sentence: Python exits with 1
    assert "IssueComment.isMinimized" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["check_schema", "--theirs", str(SCHEMA_FILE)])
    check_schema.main()
    assert f"{len(QUERIES)} queries" in capsys.readouterr().out
