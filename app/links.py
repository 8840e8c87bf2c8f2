"""Every address in a comment is built here, from a repository's name and a number or a tag.

On github.com a link to an issue in a comment leaves a "mentioned this" event on that issue.
redirect.github.com leads to the same page and leaves none, so old threads are not flooded.
Elsewhere there is no such host: only the shown rows are linked then, the folded ones are not.
"""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from app.sanitize import Markdown, clean

_ANCHOR = re.compile(r"#(issuecomment|event|discussion_r|pullrequestreview)-?(\d{1,20})$")
_ANSWER = re.compile(r"#discussioncomment-(\d{1,20})$")
_REPO = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}")
_SAFE: Final = "/-._~"


@dataclass(frozen=True, slots=True)
class Links:
    """Builds the links of one comment. `web_url` is GitHub's root, `repo` the issue's own."""

    web_url: str
    repo: str

    @property
    def _redirects(self) -> bool:
        return urlsplit(self.web_url).netloc.lower() in {"github.com", "www.github.com"}

    def issue(self, repo: str, number: int) -> str:
        """A thread."""
        return f"{self._root(repo, quiet=True)}/issues/{number}"

    def passage(self, repo: str, number: int, url: str | None) -> str:
        """The comment that `url` names; the thread if it names none of this thread.

        `url` comes from an index that anyone's export may have filled, so only the anchor's
        kind and number are taken from it.
        """
        anchor = _ANCHOR.search(url or "")
        if anchor is None or f"/{number}#" not in (url or ""):
            return self.issue(repo, number)
        dash = "" if anchor[1].endswith("_r") else "-"
        return f"{self.issue(repo, number)}#{anchor[1]}{dash}{anchor[2]}"

    def discussion(self, repo: str, number: int, url: str) -> str:
        """The comment of a discussion that `url` names; the discussion if it names none."""
        page = f"{self._root(repo, quiet=True)}/discussions/{number}"
        answer = _ANSWER.search(url)
        return f"{page}#discussioncomment-{answer[1]}" if answer else page

    def release(self, repo: str, tag: str) -> str:
        """A release."""
        return f"{self._root(repo)}/releases/tag/{quote(clean(tag), safe=_SAFE)}"

    def file(self, repo: str, url: str) -> str | None:
        """A file of the repository at some commit; None if `url` is anything else."""
        try:
            parts = urlsplit(clean(url))
        except ValueError:
            return None
        prefix = f"/{repo.lower()}/blob/"
        path = parts.path
        if not path.lower().startswith(prefix) or ".." in unquote(path).split("/"):
            return None
        if parts.netloc.lower() != urlsplit(self.web_url).netloc.lower():
            return None
        rest = quote(path[len(prefix) :], safe=_SAFE + "%")
        anchor = f"#{quote(parts.fragment, safe='-._%')}" if parts.fragment else ""
        # Without it GitHub renders the page, which has no lines to go to (indexer/sources/docs.py).
        source = "?plain=1" if parts.query == "plain=1" else ""
        return f"{self._root(repo)}/blob/{rest}{source}{anchor}"

    def label(self, repo: str, number: int) -> str:
        """`#12`, or `owner/name#12` for a thread of another repository."""
        return f"#{number}" if repo.lower() == self.repo.lower() else f"{repo}#{number}"

    def to_issue(self, repo: str, number: int) -> Markdown:
        """`[#12](…)`."""
        return self.link(self.label(repo, number), self.issue(repo, number))

    def to_issue_folded(self, repo: str, number: int) -> Markdown:
        """`[#12](…)` where such a link is silent, else a number that GitHub does not link."""
        if self._redirects:
            return self.to_issue(repo, number)
        return Markdown(f"`{self.label(repo, number)}`")

    @staticmethod
    def link(label: str, url: str) -> Markdown:
        """A link. `label` is Markdown of ours or a name that needs no escaping."""
        return Markdown(f"[{label}]({url.replace('(', '%28').replace(')', '%29')})")

    def _root(self, repo: str, *, quiet: bool = False) -> str:
        if not _REPO.fullmatch(repo):
            raise ValueError(f"{repo!r} is not OWNER/NAME")
        if repo.lower() == self.repo.lower():
            repo = self.repo  # the knowledge base keeps names in lower case
        web = "https://redirect.github.com" if quiet and self._redirects else self.web_url
        return f"{web.rstrip('/')}/{repo}"
