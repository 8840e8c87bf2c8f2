"""`intern setup`: the page, GitHub's way back, and the files; against the simulated GitHub."""

import asyncio
import json
import stat
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from app.settings import Settings
from app.setup_command import ENV, Wanted, run
from indexer.errors import InputError, SettingError
from indexer.settings import load
from tests.github_simulator import Simulator

MANIFEST = Path(__file__).parents[2] / "app.yml"


class Form(HTMLParser):
    """Where a page's form goes, and what its fields hold."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given["action"]
        if tag == "input":
            self.fields[given["name"]] = given["value"]


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def github():
    with Simulator() as simulator:
        yield simulator


def wanted(**more) -> Wanted:
    given = {"url": "https://intern.octo.example/", "organization": None, "key": Path("app.pem")}
    return Wanted(**{**given, "manifest": MANIFEST, **more})


@asynccontextmanager
async def served(github, **more):
    """The command, running: a browser, the page's address, and what was said."""
    said: list[str] = []
    settings = Settings(github_url=github.url, github_api_url=github.url)
    command = asyncio.create_task(run(settings, wanted(**more), said.append))
    while not said and not command.done():  # noqa: ASYNC110  it tells nobody else
        await asyncio.sleep(0.01)
    address = said[0].split()[1]
    async with httpx.AsyncClient(timeout=30) as browser:
        try:
            yield browser, address, said, command
        finally:
            command.cancel()
            await asyncio.gather(command, return_exceptions=True)


async def way_back(browser, address) -> str:
    """Press the button; the address that GitHub sends the browser back to."""
    form = Form((await browser.get(address)).text)
    answer = await browser.post(form.action, data=form.fields)
    assert answer.status_code == 302
    return answer.headers["location"]


@pytest.mark.parametrize("organization", [None, "octo"])
async def test_the_app_is_made_and_its_settings_are_enough_to_serve(github, organization):
    ENV.write_text("LOG_LEVEL=warning", encoding="utf-8")
    async with served(github, organization=organization) as (browser, address, said, command):
        page = await browser.get(address)
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        form = Form(page.text)
        place = f"/organizations/{organization}/settings" if organization else "/settings"
        assert form.action.startswith(f"{github.url}{place}/apps/new?state=")
        asked = json.loads(form.fields["manifest"])
        assert asked["hook_attributes"]["url"] == "https://intern.octo.example/webhooks"
        assert asked["redirect_url"] == f"{address}created"
        assert asked["public"] is False
        done = await browser.get(await way_back(browser, address))
        assert done.status_code == 200
        assert "The App is made" in done.text
        assert github.private_key.splitlines()[1] not in done.text
        await asyncio.wait_for(command, 20)
    settings = load(Settings, _env_file=ENV).require_serving()
    assert settings.private_key() == github.private_key
    assert (settings.github_app_id, settings.log_level) == (github.app_id, "warning")
    assert settings.github_webhook_secret[0].get_secret_value() == github.webhook_secret
    assert settings.allowed_accounts == (organization or "developer",)
    assert settings.web_url == github.url
    for path in (ENV, Path("app.pem")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "intern doctor" in " ".join(said)


async def test_only_what_this_page_asked_for_is_taken(github):
    async with served(github) as (browser, address, _, _):
        back = await way_back(browser, address)
        forged = httpx.URL(back).copy_set_param("state", "mine")
        assert (await browser.get(forged)).status_code == 403
        odd = httpx.URL(back).copy_set_param("code", "../../app")
        assert (await browser.get(odd)).status_code == 400
        strange = await browser.get(address, headers={"host": "evil.example"})
        assert strange.status_code == 400
        assert not [asked for asked in github.requests if "conversions" in asked]
        assert not ENV.exists()


async def test_what_github_could_not_do_can_be_tried_again(github):
    async with served(github) as (browser, address, said, command):
        back = await way_back(browser, address)
        github.trouble.add("POST /app-manifests/*", times=1)
        failed = await browser.get(back)
        assert failed.status_code == 502
        assert "did not take the code (HTTP 502)" in failed.text
        assert "Not done: GitHub did not take the code (HTTP 502)." in said
        assert not ENV.exists()
        assert (await browser.get(back)).status_code == 200
        await asyncio.wait_for(command, 20)
    assert ENV.exists()


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"url": "intern.example"}, "--url: 'intern.example' is not an http or https address"),
        ({"organization": "../x"}, "--organization"),
        ({"manifest": Path("none.yml")}, "--manifest: none.yml cannot be read"),
        ({"manifest": ENV}, "--manifest: .env is no manifest"),
        ({"key": ENV}, "--key: .env is there already"),
    ],
)
async def test_wrong_options_are_named(more, named):
    ENV.write_text("LOG_LEVEL=info\n", encoding="utf-8")
    with pytest.raises(InputError) as failed:
        await run(Settings(), wanted(**more), print)
    assert str(failed.value).startswith(named)


async def test_the_manifest_is_found_from_any_folder(github):
    async with served(github, manifest=None) as (browser, address, _, _):
        form = Form((await browser.get(address)).text)
    asked = json.loads(form.fields["manifest"])
    assert asked["default_permissions"]["issues"] == "write"


async def test_a_package_without_its_manifest_says_where_it_is_to_be_had(monkeypatch, tmp_path):
    monkeypatch.setattr("app.setup_command.__file__", str(tmp_path / "app" / "setup_command.py"))
    with pytest.raises(InputError, match=r"--manifest is missing: there is no app\.yml here"):
        await run(Settings(), wanted(manifest=None), print)


async def test_an_app_that_is_there_is_not_replaced():
    with pytest.raises(SettingError, match="GITHUB_APP_ID is set already"):
        await run(Settings(github_app_id=5), wanted(), print)
