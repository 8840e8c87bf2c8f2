"""A new issue → the past threads, doc sections and releases that may answer it, best first.

The channels are asked in one batch, their hits grouped by thread and fused into a pool; each
thread of the pool is then ranked by what it really has in common with the query. Everything is as
of the query's moment.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from indexer import asking, channels, documents
from indexer.asking import Asking, Templates
from indexer.background import Background, Backgrounds, Floats
from indexer.bm25 import Bm25Encoder
from indexer.candidate import Candidate
from indexer.channels import Found, ThreadKey
from indexer.chunking import point_id, thread_key, thread_of
from indexer.embedding import TextEmbedder
from indexer.features import features_of
from indexer.originals import end_of_chain
from indexer.outline import Outline, Standing
from indexer.pools import THREAD_FIELDS, pool_from
from indexer.query import Query, word
from indexer.ranking import RankingModel, shipped_model
from indexer.reasons import Reason, Telling, sentence
from indexer.reranking import READ, Reranker, reordered
from indexer.resolution import resolve
from indexer.store import Hit, KnowledgeBase, Point
from indexer.threads import Thread, as_of

__all__ = ["Candidate", "Query", "Ranked", "Reason", "Searcher"]


_LONGEST_CHAIN = 4


@dataclass(frozen=True, slots=True)
class Ranked:
    """The whole pool of a query with every feature: what benchmarks and the training read.

    `fused` is what the channels alone make of each thread, `population` how many threads there
    were to choose from; `order` lists rows, the best first.
    """

    keys: tuple[ThreadKey, ...] = ()
    features: Mapping[str, Floats] = field(default_factory=dict)
    fused: Floats = field(default_factory=lambda: np.zeros(0))
    scores: Floats = field(default_factory=lambda: np.zeros(0))
    population: int = 0
    probability: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def order(self) -> list[int]:
        """Rows, the best first."""
        return sorted(range(len(self.keys)), key=lambda i: (-self.scores[i], self.keys[i]))


class Searcher:
    """The search over a knowledge base.

    Args:
        kb: what is searched.
        embedder: the model that the knowledge base was built with.
        templates: a repository's template lines, which a query's text is cleaned of as well.
        model: turns features into a probability.
        reranker: reorders the best threads, where there is one.
    """

    def __init__(
        self,
        kb: KnowledgeBase,
        embedder: TextEmbedder,
        templates: Templates = lambda _: frozenset(),
        model: RankingModel | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self._kb = kb
        self._embedder = embedder
        self._templates = templates
        self._model = model or shipped_model()
        self._reranker = reranker
        self._bm25 = Bm25Encoder()
        self._backgrounds = Backgrounds(kb, embedder.dimension)
        self._releases = documents.Releases(kb)

    def search(self, query: Query, limit: int = 10) -> list[Candidate]:
        """The `limit` best threads, then at most as many doc sections and releases.

        Behind the threads stand the originals of those that were closed as duplicates, however
        little they are like the query themselves.

        Raises:
            StoreError, ModelError: it could not be looked.
        """
        asked = self._prepare(query)
        if asked is None or limit < 1:
            return []
        ranked, background, docs = self._look(asked)
        telling = Telling(asked.wording, query.body, background, self._bm25)
        best = self._told(asked, ranked, [ranked.keys[r] for r in ranked.order[:limit]], telling)
        best = _followed(best + self._originals(asked, ranked, best, telling))
        ids = list(dict.fromkeys(hit.id for hits in docs for hit in hits))
        points = self._kb.fetch(ids, vectors=True) if ids else []
        return best + documents.candidates(asked, background, telling, points)[:limit]

    def rank(self, query: Query, weights: Mapping[str, float] = channels.WEIGHTS) -> Ranked:
        """The whole pool of a query; for measuring, also with other channels."""
        asked = self._prepare(query)
        return Ranked() if asked is None else self._look(asked, weights)[0]

    def _prepare(self, query: Query) -> Asking | None:
        return asking.prepare(query, self._embedder, self._bm25, self._templates)

    def _look(
        self, asked: Asking, weights: Mapping[str, float] = channels.WEIGHTS
    ) -> tuple[Ranked, Background, list[list[Hit]]]:
        """The ranked pool, what is usual around it, and what the document channels found."""
        repos = asked.query.all_repos
        excluded = frozenset((repos[0], number) for number in asked.query.exclude_numbers)
        numbers = asked.query.exclude_numbers if len(repos) == 1 else ()
        background = self._backgrounds.of(repos, asked.before)
        threads = channels.thread_questions(
            asked.asked, background, repos, before=asked.before, exclude=numbers
        )
        docs = channels.document_questions(asked.asked, background, repos, asked.before)
        answers = self._kb.query([*threads, *docs], fields=channels.FIELDS)
        pool = channels.pool_of(answers[: len(threads)], asked.asked.moment, excluded, weights)
        ranked = self._read_again(asked, self._rank(asked, pool, background))
        return ranked, background, answers[len(threads) :]

    def _rank(self, asked: Asking, pool: list[Found], background: Background) -> Ranked:
        by_id = {point_id(found.key[0], thread_key(found.key[1])): found for found in pool}
        rows: list[tuple[Found, Standing, Point]] = []
        for point in self._kb.fetch(list(by_id), fields=THREAD_FIELDS, vectors=True):
            outline = Outline.from_payload(point.payload)
            stood = outline.as_of(asked.asked.moment)
            if stood is not None and asked.query.wants(outline.labels):
                rows.append((by_id[point.id], stood, point))
        if not rows:
            return Ranked()
        pairs = pool_from(
            asked,
            background,
            [point for _, _, point in rows],
            [stood for _, stood, _ in rows],
            [found.scores.get("comments", 0.0) for found, _, _ in rows],
        )
        foreign = np.array([script != asked.asked.script for script in pairs.scripts], np.bool_)
        features = self._model.completed(features_of(pairs), foreign)
        scores = self._model.scores(features)
        return Ranked(
            keys=tuple(found.key for found, _, _ in rows),
            features=features,
            fused=np.array([found.fused for found, _, _ in rows]),
            scores=scores,
            population=background.population,
            probability=self._model.calibration.probability(scores, background.population),
        )

    def _read_again(self, asked: Asking, ranked: Ranked) -> Ranked:
        """The same; where there is a reranker, the best threads in the order that both agree on.

        The best keep their scores and probabilities among them, by place: how sure it is that the
        first is right stays what the ranker says, which one is first does not.
        """
        best = ranked.order[:READ]
        if self._reranker is None or not best:
            return ranked
        threads = self._threads(asked, [ranked.keys[row] for row in best])
        best = [row for row in best if ranked.keys[row] in threads]
        texts = [
            word(Query(repo, thread.title, thread.body), self._templates(repo)).text
            for (repo, _), thread in threads.items()
        ]
        read = self._reranker.read(asked.wording.text, texts)
        scores, probability = ranked.scores.copy(), ranked.probability.copy()
        for place, chosen in zip(best, reordered(ranked.scores[best], read), strict=True):
            scores[best[chosen]] = ranked.scores[place]
            probability[best[chosen]] = ranked.probability[place]
        told = np.zeros(len(ranked.keys))
        told[best] = read
        features = {**ranked.features, "cross_encoder": told}
        return replace(ranked, scores=scores, probability=probability, features=features)

    def _originals(
        self, asked: Asking, ranked: Ranked, best: list[Candidate], telling: Telling
    ) -> list[Candidate]:
        """The issues that the best were closed as duplicates of, where they are not among them.

        One that is not in the pool has no features, and no probability of its own.
        """
        known = {(c.repo, c.number) for c in best}
        known |= {(asked.query.repo.lower(), number) for number in asked.query.exclude_numbers}
        found: list[Candidate] = []
        latest = best
        for _ in range(_LONGEST_CHAIN):
            named = {(c.repo, c.resolution.duplicate_of) for c in latest if c.resolution}
            wanted = sorted((r, n) for r, n in named - known if n is not None)
            known.update(wanted)
            latest = self._told(asked, ranked, wanted, telling)
            found += latest
        return found

    def _told(
        self, asked: Asking, ranked: Ranked, keys: Sequence[ThreadKey], telling: Telling
    ) -> list[Candidate]:
        """These threads as candidates, those of the pool with their features."""
        rows = {key: row for row, key in enumerate(ranked.keys)}
        told: list[Candidate] = []
        for key, thread in self._threads(asked, keys).items():
            candidate = self._candidate(asked, key[0], thread, telling)
            if (row := rows.get(key)) is not None:
                candidate = replace(
                    candidate,
                    score=float(ranked.scores[row]),
                    probability=float(ranked.probability[row]),
                    features={name: float(values[row]) for name, values in ranked.features.items()},
                )
            told.append(candidate)
        return told

    def _threads(self, asked: Asking, keys: Sequence[ThreadKey]) -> dict[ThreadKey, Thread]:
        """The threads, whole, as of the query's moment; without those that are not wanted."""
        found: dict[ThreadKey, Thread] = {}
        ids = {point_id(repo, thread_key(number)): (repo, number) for repo, number in keys}
        for point in self._kb.fetch(list(ids), fields=("thread",)) if ids else []:
            thread = as_of(thread_of(point.payload), asked.moment)
            if thread is not None and asked.query.wants(thread.labels):
                found[ids[point.id]] = thread
        return found

    def _candidate(self, asked: Asking, repo: str, thread: Thread, telling: Telling) -> Candidate:
        shared = telling.shared_with(thread.title, thread.body)
        return Candidate(
            repo=repo,
            kind="issue",
            number=thread.number,
            title=thread.title,
            url=thread.url,
            state=thread.state,
            score=0.0,
            probability=0.0,
            why=sentence(shared),
            features={},
            thread=thread,
            resolution=resolve(thread, self._releases.before(repo, asked.moment), repo=repo),
            reasons=shared,
            linked=(repo, thread.number) in asked.linked,
        )


def _followed(candidates: list[Candidate]) -> list[Candidate]:
    """The same; each duplicate among them points to the end of its chain."""
    originals = {(c.repo, c.number): c.resolution.duplicate_of for c in candidates if c.resolution}

    def followed(candidate: Candidate) -> Candidate:
        resolution, number = candidate.resolution, candidate.number
        if resolution is None or resolution.duplicate_of is None or number is None:
            return candidate
        end = end_of_chain(
            number, resolution.duplicate_of, lambda n: originals.get((candidate.repo, n))
        )
        return replace(candidate, resolution=resolution.model_copy(update={"duplicate_of": end}))

    return [followed(candidate) for candidate in candidates]
