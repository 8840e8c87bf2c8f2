"""Runs a simulated GitHub: `python -m tests.github_simulator --seed FILE --port 8081`."""

import argparse
import json
import signal
import sys
from pathlib import Path

from tests.github_simulator.seed import Seed
from tests.github_simulator.server import APP_ID, WEBHOOK_SECRET, Simulator


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.github_simulator")
    parser.add_argument("--seed", type=Path, help="a JSON file; without it GitHub is empty")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--webhook-url")
    parser.add_argument("--webhook-secret", default=WEBHOOK_SECRET)
    parser.add_argument("--app-id", type=int, default=APP_ID)
    parser.add_argument("--public-key", type=Path, help="the App's, PEM; else one is made")
    parser.add_argument("--private-key-out", type=Path, help="where to write the made key")
    given = parser.parse_args()
    simulator = Simulator(
        Seed.read(given.seed) if given.seed else Seed(),
        port=given.port,
        app_id=given.app_id,
        webhook_url=given.webhook_url,
        webhook_secret=given.webhook_secret,
        public_key=given.public_key.read_text() if given.public_key else None,
    )
    if simulator.private_key and given.private_key_out:
        given.private_key_out.touch(mode=0o600)
        given.private_key_out.write_text(simulator.private_key)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # One line for whoever started us, to learn the port.
    sys.stdout.write(json.dumps({"url": simulator.url, "app_id": simulator.app_id}) + "\n")
    sys.stdout.flush()
    try:
        simulator.run()
    finally:
        simulator.stop()


if __name__ == "__main__":
    main()
