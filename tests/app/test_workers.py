"""Servers that share a database: what one leaves that never comes back, another does."""

import time
from contextlib import ExitStack

from indexer.edge_store import EdgeStore
from tests.app.test_end_to_end import BODY, REPO, TITLE, history
from tests.app.worker import Worker
from tests.fakes_embedding import TOY_FINGERPRINT
from tests.fakes_store import local_socket
from tests.github_simulator import Simulator
from tests.postgres import a_database

INSTALLATION = 1001


def test_what_a_server_that_is_gone_for_good_began_goes_on_elsewhere(tmp_path):
    with ExitStack() as stack:
        url = stack.enter_context(a_database())
        github = stack.enter_context(Simulator(history()))
        store = EdgeStore.open(tmp_path / "collection", TOY_FINGERPRINT)
        stack.callback(store.close)
        common = {
            **github.environment,
            "DATABASE_URL": url,
            "QDRANT_URL": "http://127.0.0.1:1",
            "SHARED_STORE": str(stack.enter_context(local_socket(store, tmp_path))),
            "WORKER_SILENT_MINUTES": "0.05",
        }
        one, two = (
            Worker(tmp_path / name, {**common, "WORKER_ID": name}) for name in ("one", "two")
        )
        for worker in (one, two):
            stack.callback(worker.kill)
        one.start()
        one.wait_until_ready()
        github.set_webhook(f"{one.url}/webhooks")
        # So that the history is still being read, and the issue still waits for it.
        github.add_trouble("POST /graphql", kind="slow", delay=30, times=None)
        github.announce_installation(INSTALLATION)
        number = github.open_issue(REPO, TITLE, BODY)["number"]
        github.drain()
        asked = "POST /graphql"
        deadline = time.monotonic() + 60
        while asked not in github.requests:
            assert time.monotonic() < deadline, github.requests
            time.sleep(0.05)
        one.kill()
        github.clear_troubles()
        two.start()
        assert github.wait_for_comment(REPO, number, timeout=120)
