"""The knowledge base of past issues and docs: builds it, keeps it fresh, searches it."""

import os

# Read by NumPy when it is first imported, so it has to be said before. Our matrices are small: a
# second thread of the linear algebra saves nothing, and afterwards turns idly on a core that the
# model and the store's engine need.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
