"""Takes the README's pictures of a real comment: `python -m tests.demo.screenshot [--out DIR]`.

Needs Chromium on the PATH and, for the thumbs in the footer, a font with emoji.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops

from tests.demo.__main__ import MODELS
from tests.demo.content import our_issues, our_seed
from tests.demo.page import Board, PageServer, create_page
from tests.demo.scenario import Scenario
from tests.demo.stage import ROOT, Stage
from tests.demo.views import Views

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
SHOWN: Final = "keycloak-http"
WIDTH, HEIGHT, SCALE, MARGIN = 900, 2400, 2, 24
MODES: Final = {"comment.png": (), "comment-dark.png": ("--blink-settings=preferredColorScheme=0",)}


def main() -> int:
    """Play one issue and take its pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--issue", default=SHOWN, help="the id of one of the new issues")
    given = parser.parse_args()
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("no Chromium on the PATH: apt-get install chromium fonts-noto-color-emoji")
    given.out.mkdir(parents=True, exist_ok=True)
    issues = [issue for issue in our_issues() if issue.id == given.issue]
    with (
        tempfile.TemporaryDirectory(prefix="oncall-intern-picture-") as folder,
        Stage(our_seed(datetime.now(UTC)), Path(folder), MODELS) as stage,
    ):
        stage.run("backfill", stage.repo)
        stage.start_server()
        board = Board()
        page = PageServer(create_page(Views(stage.simulator, stage.repo), board), 0)
        page.start()
        outcome = Scenario(stage, board).play(issues, lambda _: None, lambda _: None, ours=False)
        board.finish()
        address = f"{page.url}{stage.repo}/issues/{outcome.answered[0].number}?picture=1"
        for name, options in MODES.items():
            take(browser, address, given.out / name, Path(folder), options)
            sys.stdout.write(f"{given.out / name}\n")
        page.stop()
    return 0


def take(browser: str, address: str, target: Path, folder: Path, options: tuple[str, ...]) -> None:
    """A picture of a page, cut to what is on it."""
    raw = folder / "page.png"
    subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={folder / 'browser'}",
            f"--force-device-scale-factor={SCALE}",
            f"--window-size={WIDTH},{HEIGHT}",
            f"--screenshot={raw}",
            *options,
            address,
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    with Image.open(raw) as picture:
        cut(picture.convert("RGB")).quantize(128).save(target, optimize=True)


def cut(picture: Image.Image) -> Image.Image:
    """Without the empty part below."""
    empty = Image.new("RGB", picture.size, picture.getpixel((0, picture.height - 1)))  # type: ignore[arg-type]
    found = ImageChops.difference(picture, empty).getbbox()
    bottom = found[3] + MARGIN * SCALE if found else picture.height
    return picture.crop((0, 0, picture.width, min(bottom, picture.height)))


if __name__ == "__main__":
    sys.exit(main())
