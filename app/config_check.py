"""The check run on a pull request that touches the config file: good, or each line and reason."""

from typing import Any, Final, Literal

from indexer.config_file import CONFIG_PATH, ConfigFile, read_at
from indexer.github import GitHubClient

NAME: Final = "Oncall Intern config"
MOST_ANNOTATIONS: Final = 50
"""GitHub takes no more in one request."""

Outcome = Literal["untouched", "passed", "failed"]


async def check(client: GitHubClient, repo: str, number: int) -> Outcome:
    """Read the file as the pull request has it, and say on its head what is wrong with it.

    Raises:
        NotFound: the pull request is gone.
        GitHubError: GitHub refused; without the permission `checks` it always does.
    """
    pull = await client.get(f"repos/{repo}/pulls/{number}")
    async for file in client.paginate(f"repos/{repo}/pulls/{number}/files"):
        if CONFIG_PATH in {file["filename"], file.get("previous_filename")}:
            break
    else:
        return "untouched"
    head = str(pull["head"]["sha"])
    found = await read_at(client.get, repo, head)
    await client.post(f"repos/{repo}/check-runs", run_of(found, head))
    return "failed" if found.state == "broken" else "passed"


def run_of(file: ConfigFile, head: str) -> dict[str, Any]:
    """The check run, as GitHub's API takes it."""
    if file.state == "broken":
        output: dict[str, Any] = {
            "title": f"Line {file.line} is wrong" if file.line else "The file is wrong",
            # What is wrong may hold words of the file, and a summary is Markdown: it stands in the
            # annotations, which are plain text.
            "summary": "Until it is mended the last good version stays in force.",
            "annotations": [
                {
                    "path": CONFIG_PATH,
                    "start_line": problem.line or 1,
                    "end_line": problem.line or 1,
                    "annotation_level": "failure",
                    "message": problem.text,
                }
                for problem in file.problems[:MOST_ANNOTATIONS]
            ],
        }
    elif file.state == "absent":
        output = {"title": "The file is removed", "summary": "The defaults will be in force."}
    else:
        output = {"title": "The file is good", "summary": "It takes effect once it is merged."}
    return {
        "name": NAME,
        "head_sha": head,
        "status": "completed",
        "conclusion": "failure" if file.state == "broken" else "success",
        "output": output,
    }
