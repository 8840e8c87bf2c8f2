"""The GraphQL queries we send, as text.

`tests/github_simulator/check_schema.py` validates each of ALL against GitHub's own schema.
Costs are counted as GitHub documents them: one request for each connection of each parent,
divided by a hundred and rounded.
"""

from collections.abc import Sequence

# 29 issues, each with five connections more, are 1 + 29 * 5 = 146 requests: one point.
ISSUES = 29
COMMENTS = 30
# A hundred comments a thread; ten threads are one point.
MORE_COMMENTS = 100
MORE_THREADS = 10

_RATE = "rateLimit { cost limit remaining resetAt }"

_ACTOR = "__typename login"

_COMMENTS = f"""
        totalCount
        pageInfo {{ hasNextPage endCursor }}
        nodes {{
          author {{ {_ACTOR} }}
          authorAssociation
          body
          createdAt
          url
          isMinimized
        }}"""

_CANONICAL = """
            canonical { ... on Issue { number repository { nameWithOwner } } }
            duplicate { ... on Issue { number } }"""


def _issue(*, knows_duplicates: bool, comments: str = "$comments") -> str:
    """The fields of an issue that make a Thread.

    The turns of an issue (closed, reopened, duplicate marks) are few and all wanted; labels are
    many on some projects, and the latest tell who looks after the issue now. They are asked for
    apart, so that labels push no turn out. Reactions are counted of the issue alone: those of each
    comment would make a page cost ten points.
    """
    reason = "stateReason(enableDuplicate: true)" if knows_duplicates else "stateReason"
    return f"""
      number
      title
      body
      url
      state
      locked
      {reason}
      createdAt
      updatedAt
      closedAt
      author {{ {_ACTOR} }}
      authorAssociation
      repository {{ nameWithOwner }}
      labels(first: 100) {{ nodes {{ name }} }}
      reactions {{ totalCount }}
      comments(first: {comments}) {{{_COMMENTS}
      }}
      turns: timelineItems(last: 60, itemTypes: [
        CLOSED_EVENT, REOPENED_EVENT, MARKED_AS_DUPLICATE_EVENT, UNMARKED_AS_DUPLICATE_EVENT
      ]) {{
        nodes {{
          __typename
          ... on ClosedEvent {{
            createdAt
            actor {{ {_ACTOR} }}
            stateReason
            closer {{
              __typename
              ... on PullRequest {{ number url repository {{ nameWithOwner }} }}
              ... on Commit {{ url }}
            }}
          }}
          ... on ReopenedEvent {{ createdAt actor {{ {_ACTOR} }} }}
          ... on MarkedAsDuplicateEvent {{
            createdAt
            actor {{ {_ACTOR} }}{_CANONICAL}
          }}
          ... on UnmarkedAsDuplicateEvent {{
            createdAt
            actor {{ {_ACTOR} }}{_CANONICAL}
          }}
        }}
      }}
      labelings: timelineItems(last: 60, itemTypes: [LABELED_EVENT]) {{
        nodes {{
          __typename
          ... on LabeledEvent {{ createdAt actor {{ {_ACTOR} }} label {{ name }} }}
        }}
      }}"""


def threads(*, knows_duplicates: bool = True) -> str:
    """A page of a repository's issues."""
    return f"""query Threads(
  $owner: String!, $name: String!, $issues: Int!, $comments: Int!, $after: String,
  $order: IssueOrderField!, $filter: IssueFilters
) {{
  {_RATE}
  repository(owner: $owner, name: $name) {{
    nameWithOwner
    issues(
      first: $issues, after: $after, filterBy: $filter,
      orderBy: {{field: $order, direction: ASC}}
    ) {{
      totalCount
      pageInfo {{ hasNextPage endCursor }}
      nodes {{{_issue(knows_duplicates=knows_duplicates)}
      }}
    }}
  }}
}}"""


def thread(*, knows_duplicates: bool = True) -> str:
    """One issue."""
    return f"""query Thread($owner: String!, $name: String!, $number: Int!, $comments: Int!) {{
  {_RATE}
  repository(owner: $owner, name: $name) {{
    nameWithOwner
    issue(number: $number) {{{_issue(knows_duplicates=knows_duplicates)}
    }}
  }}
}}"""


def more_comments(numbers: Sequence[int]) -> str:
    """The next comments of several issues at once; each has its own `$after_<number>`."""
    declared = ", ".join(f"$after_{number}: String!" for number in numbers)
    parts = "\n".join(
        f"""    issue_{number}: issue(number: {number}) {{
      comments(first: $comments, after: $after_{number}) {{{_COMMENTS}
      }}
    }}"""
        for number in numbers
    )
    return f"""query MoreComments(
  $owner: String!, $name: String!, $comments: Int!, {declared}
) {{
  {_RATE}
  repository(owner: $owner, name: $name) {{
{parts}
  }}
}}"""


BODIES = f"""query Bodies($owner: String!, $name: String!, $first: Int!, $after: String) {{
  {_RATE}
  repository(owner: $owner, name: $name) {{
    issues(first: $first, after: $after, orderBy: {{field: CREATED_AT, direction: DESC}}) {{
      totalCount
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ body }}
    }}
  }}
}}"""


NUMBERS = f"""query Numbers($owner: String!, $name: String!, $first: Int!, $after: String) {{
  {_RATE}
  repository(owner: $owner, name: $name) {{
    issues(first: $first, after: $after, orderBy: {{field: CREATED_AT, direction: ASC}}) {{
      totalCount
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ number }}
    }}
  }}
}}"""


def still_there(numbers: Sequence[int]) -> str:
    """Whether each of several issues exists; one that does not is null, with an error."""
    parts = "\n".join(
        f"    issue_{number}: issue(number: {number}) {{ repository {{ nameWithOwner }} }}"
        for number in numbers
    )
    return f"""query StillThere($owner: String!, $name: String!) {{
  {_RATE}
  repository(owner: $owner, name: $name) {{
    nameWithOwner
{parts}
  }}
}}"""


DISCUSSIONS = f"""query Discussions(
  $owner: String!, $name: String!, $first: Int!, $after: String
) {{
  {_RATE}
  repository(owner: $owner, name: $name) {{
    hasDiscussionsEnabled
    discussions(
      first: $first, after: $after, answered: true, orderBy: {{field: CREATED_AT, direction: ASC}}
    ) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{
        number
        title
        body
        answerChosenAt
        answer {{ author {{ {_ACTOR} }} body createdAt url isMinimized }}
      }}
    }}
  }}
}}"""


ALL = {
    "threads": threads(),
    "threads of an older host": threads(knows_duplicates=False),
    "thread": thread(),
    "thread of an older host": thread(knows_duplicates=False),
    "more comments": more_comments((1, 2)),
    "bodies": BODIES,
    "numbers": NUMBERS,
    "still there": still_there((1, 2)),
    "discussions": DISCUSSIONS,
}
