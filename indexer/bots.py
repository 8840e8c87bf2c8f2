"""Which comments programs wrote: nobody looks for those, and their words settle nothing (pure).

GitHub marks Apps, but many bots are ordinary accounts, known by their names alone.
"""

import re

from indexer.threads import Comment

_NAME = re.compile(
    r"\[bot\]$"
    r"|(?:^|[-_])(?:ro)?bot(?:[-_]\w{1,20})?$|(?:^|[-_])(?:ci|ro)?bot(?=[-_])"
    # Joined to what they work for; `talbot` is a person.
    r"|^(?:build|chat|ci|close|depend|deploy|go|google|issue|k8s|label|lgtm|merge|microsoft|msft|ms"
    r"|patch|probot|py|pytorch|release|renovate|rust|scala|stale|swift|sync|test|triage)bot$"
    r"|^(?:allcontributors|bors|cla-?assistant|claassistantio|codecov(?:-io|-commenter)?|codeclimate"
    r"|coveralls|dependabot(?:-preview)?|googlecla|greenkeeper(?:io)?|homu|houndci|mergify|netlify"
    r"|renovate|rust-highfive|rust-timer|sonarcloud|sonarqubecloud|stale|travis-?ci|vercel)$",
    re.IGNORECASE,
)


def is_bot_name(login: str) -> bool:
    """Whether a login is a program's, by its name."""
    return _NAME.search(login) is not None


def is_bot(comment: Comment) -> bool:
    """Whether a program wrote the comment, by what GitHub says or by its name."""
    return comment.author_is_bot or is_bot_name(comment.author)
