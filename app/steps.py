"""The steps of the workflows: each touches GitHub, the knowledge base or the records once.

Those about whole repositories are in app/repository_steps.py.

Every step may be repeated and returns a small JSON object with an `outcome`; ids, names, addresses
and counts only, because DBOS keeps it.
"""

import asyncio
from datetime import UTC, datetime, timedelta

import structlog

from app import (
    config_check,
    duplicate_label,
    feedback_poll,
    obeying,
    publisher,
    reply,
    responder,
)
from app.job_kinds import (
    Backfill,
    CheckConfig,
    LeaveAlone,
    Obey,
    RefreshConfig,
    RefreshDocs,
    RefreshThread,
    RemoveThread,
    Respond,
)
from app.job_queue import Outcome
from app.records import Reply
from app.repository_steps import RepositorySteps
from app.services import Services
from indexer import config_file
from indexer.errors import Forbidden, GitHubError, NotFound, Rejected
from indexer.exclusive import exclusively
from indexer.github import GitHubClient
from indexer.indexing import delete_thread
from indexer.refresh import refresh_threads

log = structlog.get_logger()


class Steps:
    """The steps, with the services they need.

    Attributes:
        repositories: the steps about whole repositories.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self.repositories = RepositorySteps(services)
        self._labelled: set[tuple[str, str]] = set()

    async def prepare_answer(self, job: Respond) -> Outcome:
        """Decide what to say about the issue: `prepared` where that is to be published."""
        client = await self._services.client_for(job.repo, job.installation)
        try:
            said = await responder.prepare(
                self._services, job.repo, job.number, trigger=job.trigger, client=client
            )
        except (NotFound, Forbidden) as error:
            return _turned_away(job, error)
        if said:
            return self._counted(said)
        prepared = self._services.records.prepared
        made = await asyncio.to_thread(prepared.of, job.repo, job.number)
        return {"outcome": "prepared", "improvable": made is not None and made.improvable}

    async def publish_answer(self, job: Respond, at: str) -> Outcome:
        """Post what was prepared."""
        client = await self._services.client_for(job.repo, job.installation)
        name = f"{job.repo}#{job.number}"
        records = self._services.records
        try:
            async with exclusively(self._services.settings, name.lower(), f"answering {name}"):
                said = await responder.publish(self._services, job.repo, job.number, client=client)
        except (NotFound, Forbidden) as error:
            await self.drop_answer(job)
            return _turned_away(job, error)
        config = await asyncio.to_thread(records.config_of, job.repo)
        await duplicate_label.settle(records, client, said, config.labels.possible_duplicate)
        # Counted last: trouble with the label has all this done again.
        if said.action in {"created", "edited"} and job.trigger != "improve":
            await self._ensure_label(client, job.repo)
            seconds = (said.at - datetime.fromisoformat(at)).total_seconds()
            self._services.metrics.delivery_to_comment.observe(seconds)
        return self._counted(said)

    async def drop_answer(self, job: Respond) -> Outcome:
        """Throw away what was prepared and cannot be posted."""
        prepared = self._services.records.prepared
        await asyncio.to_thread(prepared.forget_thread, job.repo, job.number)
        return {"outcome": "dropped"}

    def _counted(self, said: Reply) -> Outcome:
        self._services.metrics.answers.labels(said.action, said.reason).inc()
        return {
            "outcome": said.action,
            "reason": said.reason,
            "url": said.url,
            "shown": list(said.shown),
        }

    async def obey(self, job: Obey) -> Outcome:
        """Do what a comment asks for, as far as that takes no new answer, and acknowledge it.

        `outcome` is what was asked for; `refused`, `unknown`, or `gone` where nothing was done.
        """
        client = await self._services.client_for(job.repo, job.installation)
        try:
            return {"outcome": await obeying.obey(self._services, client, job)}
        except NotFound:
            return {"outcome": "gone"}

    async def leave_alone(self, job: LeaveAlone) -> Outcome:
        """Remember that an issue wants no AI."""
        wishes = self._services.records.wishes
        await asyncio.to_thread(wishes.add, job.repo, job.number, "no_ai")
        return {"outcome": "left_alone"}

    async def fold_comment(self, job: Respond | Obey | LeaveAlone) -> Outcome:
        """Fold our comment away, if there is one."""
        services = self._services
        known = await asyncio.to_thread(services.records.reply_of, job.repo, job.number)
        if known is None or known.comment_id is None:
            return {"outcome": "absent"}
        client = await self._services.client_for(job.repo, job.installation)
        await duplicate_label.take_off(services.records, client, known)
        summary = reply.folded_summary(known.language)
        author = await services.identity.author()
        try:
            folded = await publisher.fold(
                client, job.repo, job.number, summary, author, known.comment_id
            )
        except (NotFound, Forbidden) as error:
            log.warning("comment stays", repo=job.repo, number=job.number, error=str(error))
            return {"outcome": "refused"}
        return {"outcome": "folded" if folded else "absent"}

    async def poll_feedback(self) -> Outcome:
        """Look up what people did with the answers of the last two weeks."""
        feedback = self._services.records.feedback
        since = datetime.now(UTC) - timedelta(days=feedback_poll.DAYS)
        answers = await asyncio.to_thread(feedback.since, since, None, feedback_poll.MOST)
        known = 0
        for batch in feedback_poll.batches(answers):
            repo = batch[0].repo
            try:
                client = await self._services.clients.for_repo(repo)
                known += await feedback_poll.poll(client, feedback, batch)
            except (NotFound, Forbidden, Rejected) as error:
                log.warning("feedback not read", repo=repo, error=str(error))
        return {"outcome": "polled", "answers": len(answers), "known": known}

    async def give_up_waiting(self, job: Respond) -> Outcome:
        """Record that the issue was not answered, because too little was known."""
        self._services.metrics.answers.labels("none", "index_incomplete").inc()
        records = self._services.records
        known = await asyncio.to_thread(records.reply_of, job.repo, job.number)
        if known is None:
            silence = Reply(job.repo, job.number, "none", "index_incomplete", job.trigger)
            await asyncio.to_thread(records.remember, silence)
        return {"outcome": "none", "reason": "index_incomplete"}

    async def remove_label(self, job: Respond) -> Outcome:
        """Take the label off that asked for this run."""
        client = await self._services.client_for(job.repo, job.installation)
        try:
            label = await self._again_label(job.repo)
            removed = await publisher.remove_label(client, job.repo, job.number, label)
        except Forbidden as error:
            log.warning("label stays", repo=job.repo, number=job.number, error=str(error))
            return {"outcome": "refused"}
        return {"outcome": "removed" if removed else "absent"}

    async def read_thread(self, job: RefreshThread) -> Outcome:
        """Bring one issue up to date in the knowledge base."""
        client = await self._services.client_for(job.repo, job.installation)
        services = self._services
        await asyncio.to_thread(services.state.heard.note, job.repo, job.number)
        gone = await refresh_threads(
            client,
            services.knowledge_base,
            services.embedder,
            services.state,
            job.repo,
            {job.number},
        )
        if gone:
            return await self.remove_thread(RemoveThread(job.repo, job.number))
        return {"outcome": "indexed"}

    async def remove_thread(self, job: RemoveThread) -> Outcome:
        """Forget one issue."""
        kb = self._services.knowledge_base
        await asyncio.to_thread(self._services.state.heard.note, job.repo, job.number)
        await asyncio.to_thread(delete_thread, kb, job.repo, job.number)
        await asyncio.to_thread(self._services.records.forget_thread, job.repo, job.number)
        return {"outcome": "removed"}

    async def read_config(self, job: RefreshConfig | RefreshDocs | Backfill) -> Outcome:
        """Read the repository's config file, and see that its label exists."""
        try:
            client = await self._services.client_for(job.repo, job.installation)
            file = await config_file.read(client.get, job.repo)
        except NotFound as error:
            return {"outcome": "gone", "error": str(error)}
        except (Forbidden, Rejected) as error:
            log.warning("config not read", repo=job.repo, error=str(error))
            return {"outcome": "refused"}
        await asyncio.to_thread(self._services.records.settle_config, job.repo, file)
        await self._ensure_label(client, job.repo)
        return {"outcome": file.state}

    async def check_config(self, job: CheckConfig) -> Outcome:
        """Tell a pull request whether the config file that it changes is good."""
        client = await self._services.client_for(job.repo, job.installation)
        try:
            return {"outcome": await config_check.check(client, job.repo, job.number)}
        except NotFound:
            return {"outcome": "gone"}
        except Forbidden as error:
            log.warning("config not checked", repo=job.repo, error=str(error))
            return {"outcome": "refused"}

    async def _again_label(self, repo: str) -> str:
        config = await asyncio.to_thread(self._services.records.config_of, repo)
        return config.labels.again or self._services.settings.again_label

    async def _ensure_label(self, client: GitHubClient, repo: str) -> None:
        """Make the label where it is missing and of use, once per repository and server's run."""
        config = await asyncio.to_thread(self._services.records.config_of, repo)
        if not config.enabled or config.mode == "shadow":
            return
        label = await self._again_label(repo)
        if (repo, label) in self._labelled:
            return
        try:
            await publisher.ensure_label(client, repo, label)
        except GitHubError as error:
            # The label is a convenience; a comment that is posted must not count as failed for it.
            log.warning("label not made", repo=repo, reason=error.reason, error=str(error))
            return
        self._labelled.add((repo, label))


def _turned_away(job: Respond, error: NotFound | Forbidden) -> Outcome:
    if isinstance(error, NotFound):
        return {"outcome": "gone", "reason": "issue_gone", "error": str(error)}
    log.warning("answer refused", repo=job.repo, number=job.number, error=str(error))
    return {"outcome": "refused", "reason": error.reason, "error": str(error)}
