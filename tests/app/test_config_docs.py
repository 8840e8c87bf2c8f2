"""docs/configuration.md shows every key of a repository's file, with its default."""

from pathlib import Path

from indexer.config_file import parse
from indexer.repo_config import RepoConfig

DOC = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_file_in_the_docs_is_the_defaults_and_leaves_no_key_out():
    shown = DOC.read_text("utf-8").partition("```yaml\n")[2].partition("```")[0]
    file = parse(shown)
    assert file.config == RepoConfig()
    keys = {line.split(":")[0].strip() for line in shown.splitlines() if ":" in line}
    parts = [RepoConfig, *(type(v) for _, v in RepoConfig() if hasattr(v, "model_fields_set"))]
    assert keys >= {name for part in parts for name in part.model_fields}
