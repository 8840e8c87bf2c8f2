"""Where threads and docs come from: GitHub, a repository's files, an export."""
