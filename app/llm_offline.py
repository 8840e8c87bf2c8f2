"""The model's part from files: write the prompt for someone else to answer, read the answer."""

import json
from pathlib import Path

from pydantic import ValidationError

from app.llm import Answered, LlmInvalid, Usage
from app.opinion import Opinion
from app.prompt import Prompt
from indexer.errors import InputError


class AnswerFile:
    """Stands in for Claude: the answer is what the file says."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def ask(self, prompt: Prompt) -> Answered:  # noqa: ARG002 - the file has the answer
        """The opinion in the file.

        Raises:
            InputError: the file cannot be read.
            LlmInvalid: it does not hold an opinion.
        """
        try:
            text = self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{self._path} cannot be read: {error}.") from error
        try:
            return Answered(Opinion.model_validate_json(text), Usage("file"))
        except ValidationError as error:
            raise LlmInvalid(f"{self._path} has not the shape of an answer.") from error


def export_prompt(prompt: Prompt, path: Path) -> None:
    """Write what would be sent, with the schema of the answer."""
    content = {
        "system": prompt.system,
        "user": prompt.user,
        "answer_schema": Opinion.model_json_schema(),
        "estimated_tokens": prompt.tokens,
    }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2), encoding="utf-8")
