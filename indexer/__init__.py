"""The knowledge base of past issues and docs: builds it, keeps it fresh, searches it."""
