"""`python -m indexer`: the knowledge base alone, without the App."""

from indexer.cli import app
from indexer.console import run

if __name__ == "__main__":
    run(app)
