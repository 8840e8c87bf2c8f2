"""`make demo`: a small project's history, ten new issues, and what the intern says to them."""
