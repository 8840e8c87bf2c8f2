"""The model's part from files: write the prompt for someone else to answer, read the answer."""

import json
from pathlib import Path
from typing import ClassVar

from pydantic import ValidationError

from app.llm import Answered, LlmError, LlmInvalid, Usage
from app.opinion import Opinion
from app.prompt import Prompt
from indexer.errors import InputError


class LlmExported(LlmError):
    """The prompt went to a file, so there is no answer."""

    reason: ClassVar[str] = "llm_exported"


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
        except OSError as error:
            raise InputError(f"{self._path} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise InputError(f"{self._path} cannot be read: it is not UTF-8.") from error
        try:
            return Answered(Opinion.model_validate_json(text), Usage("file"))
        except ValidationError as error:
            raise LlmInvalid(f"{self._path} has not the shape of an answer.") from error


class PromptFile:
    """Stands in for Claude: what would be sent is written to a file, and nothing is answered."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def ask(self, prompt: Prompt) -> Answered:
        """Write the prompt and the schema of the answer.

        Raises:
            InputError: the file cannot be written.
            LlmExported: always; the answer goes on without a model.
        """
        content = {
            "system": prompt.system,
            "user": prompt.user,
            "answer_schema": Opinion.model_json_schema(),
            "estimated_tokens": prompt.tokens,
        }
        text = json.dumps(content, ensure_ascii=False, indent=2)
        try:
            self._path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{self._path} cannot be written: {error.strerror}.") from error
        raise LlmExported(f"The prompt is in {self._path}.")
