"""The GitHub App: hears a webhook, decides, answers."""
