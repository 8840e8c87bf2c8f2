"""Asks Claude as long as the money lasts, and enters what each call cost."""

import asyncio
from typing import Final

from app.llm import Answered, Asker, LlmError, LlmTimeout, most_output
from app.models_table import ModelSpec, priced, spec_of
from app.prompt import MAX_TOKENS, Prompt
from app.settings import Settings
from app.spending import Limits, Spending
from indexer.repo_config import RepoConfig


class LlmOverBudget(LlmError):
    """The day's limit leaves no room for another call."""

    reason = "llm_over_budget"


class LlmOverIssueLimit(LlmError):
    """The issue's limit leaves no room for another call, today or later."""

    reason = "llm_over_issue_limit"


# Asking again later may help: the trouble passes, the day ends, the operator mends the key.
PASSING: Final = frozenset(
    {
        "llm_overloaded",
        "llm_timeout",
        "llm_unreachable",
        "llm_invalid",
        "llm_misconfigured",
        LlmOverBudget.reason,
    }
)


def limits_of(settings: Settings, config: RepoConfig) -> Limits:
    """The limits for a repository: its own daily budget counts where it is the smaller one."""
    day = settings.llm_daily_limit_dollars
    if config.daily_budget is not None:
        day = min(day, config.daily_budget)
    return Limits(settings.llm_issue_limit_dollars, day)


class Metered:
    """An Asker for one issue that keeps to the limits.

    Args:
        llm: who is asked.
        model: the model's name, for its price; one that is not in the table counts as the dearest.
        spending: where calls are entered.
        repo: `owner/name`.
        number: the issue.
        limits: what may be spent.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - built in one place
        self, llm: Asker, model: str, spending: Spending, repo: str, number: int, limits: Limits
    ) -> None:
        self._llm = llm
        self._model = model
        self._spec = priced(spec_of(model))
        self._spending = spending
        self._repo = repo
        self._number = number
        self._limits = limits

    async def ask(self, prompt: Prompt) -> Answered:
        """The opinion on a prompt.

        Raises:
            LlmError: there is none; LlmOverBudget or LlmOverIssueLimit where nobody was asked.
        """
        most = _cost(self._spec, prompt.tokens, most_output(self._spec))
        call = await asyncio.to_thread(
            self._spending.reserve, self._repo, self._number, most, self._limits
        )
        if call is None:
            spent = await asyncio.to_thread(self._spending.spent_on, self._repo, self._number)
            said = f"Another call could cost ${most:.3f}, which is over the limit"
            if spent + most > self._limits.issue:
                raise LlmOverIssueLimit(f"{said} for an issue.")
            raise LlmOverBudget(f"{said} for a day.")
        try:
            answered = await self._llm.ask(prompt)
        except LlmError as error:
            # Whether a call that was given up is charged, nobody tells.
            unknown = most if isinstance(error, LlmTimeout) else 0.0
            await self._settle(call, error, unknown)
            raise
        await self._settle(call, answered)
        return answered

    async def _settle(self, call: int, result: Answered | LlmError, unknown: float = 0.0) -> None:
        usage = result.usage
        read = written = 0
        cost = unknown
        if usage is not None:
            read = usage.input_tokens + usage.cache_written + usage.cache_read
            written = usage.output_tokens
            cost = usage.cost if usage.cost is not None else _cost(self._spec, read, written)
        await asyncio.to_thread(
            self._spending.settle,
            call,
            cost=cost,
            model=self._model,
            input_tokens=read,
            output_tokens=written,
            failure=result.reason if isinstance(result, LlmError) else None,
        )


def dearest(model: str) -> float:
    """Dollars that one call of a model can cost at most."""
    spec = priced(spec_of(model))
    return _cost(spec, MAX_TOKENS, most_output(spec))


def _cost(spec: ModelSpec, read: int, written: int) -> float:
    return spec.cost(fresh=0, written=read, read=0, output=written) or 0.0
