"""What `make` would do, without doing it."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_clean_leaves_a_data_folder_of_elsewhere_alone(monkeypatch):
    monkeypatch.setenv("DATA_DIR", "/srv/production")
    shown = subprocess.run(
        ["make", "-n", "clean"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    assert "rm -rf .venv data build" in shown.stdout
    assert "production" not in shown.stdout
