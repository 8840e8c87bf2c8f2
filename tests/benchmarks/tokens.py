"""What a model would read: input tokens an issue by the local estimate, and the estimated price."""

import argparse
import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np

from app import policy, prompt
from app.answering import answer
from app.llm import Answered, LlmError
from app.models_table import DEFAULT_MODEL, spec_of
from app.prompt import Prompt
from app.settings import Settings
from indexer.opening import opened
from indexer.repo_config import RepoConfig
from indexer.settings import IndexSettings
from indexer.threads import Thread
from tests.benchmarks import data, replay

SEED = 20
OUTPUT = 1500
"""Tokens of an answer, assumed: two or three sentences a source, and low-effort thinking."""

MODELS = (DEFAULT_MODEL, "claude-sonnet-5-5")


class NotAsked(LlmError):
    reason: ClassVar[str] = "not_asked"


class Recording:
    """Keeps what would be sent, and sends nothing."""

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []

    async def ask(self, made: Prompt) -> Answered:
        self.prompts.append(made)
        raise NotAsked("This is a benchmark.")


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="tokens", description=__doc__)
    parser.add_argument("--project", default="rust")
    parser.add_argument("--data-dir", type=Path, default=Path("data/benchmarks"))
    parser.add_argument("--repo", help="how the index in the folder calls the project")
    parser.add_argument("--issues", type=int, default=200)
    parser.add_argument("--tokenizer", type=Path, help="a tokenizer.json to hold the estimate to")
    parser.add_argument("--always", action="store_true", help="as if every issue were asked about")
    options = parser.parse_args(argv)
    if options.always:
        vars(policy).update(ASKED=0.0, NEAR=0.0)
    repo = options.repo or f"bench/{options.project}"
    rows = list(data.issues(options.project))
    if not rows:
        return
    # The oldest tenth had hardly anything to find.
    rows = rows[len(rows) // 10 :]
    chosen = random.Random(SEED).sample(rows, min(options.issues, len(rows)))  # noqa: S311
    replay.require_imported(options.project, repo, options.data_dir)
    prompts = asyncio.run(_prompts(repo, options.data_dir, chosen))
    told(prompts, len(chosen))
    if options.tokenizer:
        held_to(options.tokenizer, prompts)


async def _prompts(repo: str, folder: Path, rows: Sequence[dict]) -> list[Prompt]:
    model = Recording()
    with opened(IndexSettings(data_dir=folder)) as parts:
        services = SimpleNamespace(
            settings=Settings(data_dir=folder),
            searcher=replay.searcher_of(parts),
            state=parts.state,
            llm=model,
        )
        for row in rows:
            issue = Thread.model_validate({**row, "comments": (), "events": ()})
            await answer(services, repo, issue, RepoConfig(), issue.created_at)
    return model.prompts


def told(prompts: Sequence[Prompt], issues: int) -> None:
    tokens = np.array([made.tokens for made in prompts])
    print(f"\n{issues} issues, asked about {len(prompts)} ({len(prompts) / issues:.2f})")
    print(f"input tokens by the local estimate: {_spread(tokens)}; budget {prompt.MAX_TOKENS}")
    print(f"sources each: {_spread(np.array([len(made.sources) for made in prompts]))}")
    for name in MODELS:
        spec = spec_of(name)
        costs = [spec.cost(fresh=t, written=0, read=0, output=OUTPUT) or 0 for t in tokens.tolist()]
        print(
            f"  {name}: ${np.median(costs):.5f} (p50), ${np.quantile(costs, 0.95):.5f} (p95) an "
            f"issue asked about, ${sum(costs) / issues * 1000:.2f} a thousand issues: an estimate "
            f"by the model table, {OUTPUT} output tokens assumed, nothing cached"
        )


def held_to(path: Path, prompts: Sequence[Prompt]) -> None:
    """How far the estimate is from what a real tokenizer counts on the same texts."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    counted = np.array([len(tokenizer.encode(p.system + p.user).ids) for p in prompts])
    ratio = np.array([p.tokens for p in prompts]) / counted
    print(f"\ncounted by {path.name}: {_spread(counted)}")
    print(
        f"estimate / counted: p5 {np.quantile(ratio, 0.05):.2f}, p50 {np.median(ratio):.2f}, "
        f"p95 {np.quantile(ratio, 0.95):.2f}, least {ratio.min():.2f}"
    )


def _spread(values: np.ndarray) -> str:
    low, half, high = np.quantile(values, [0.05, 0.5, 0.95])
    return f"p5 {low:.0f}, p50 {half:.0f}, p95 {high:.0f}, most {values.max():.0f}"
