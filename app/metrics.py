"""What is counted and timed, in one registry of its own."""

from prometheus_client import CollectorRegistry, Counter, Histogram

SECONDS = (0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300, 900, 3600)


class Metrics:
    """The App's counters. Labels are short codes, never text from an issue."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.deliveries = Counter(
            "intern_deliveries",
            "Webhook deliveries by event and what became of them.",
            ["event", "outcome"],
            registry=self.registry,
        )
        self.jobs = Counter(
            "intern_jobs",
            "Finished jobs by kind and outcome.",
            ["job", "outcome"],
            registry=self.registry,
        )
        self.retries = Counter(
            "intern_job_retries",
            "Attempts of jobs that are tried again, by kind and reason.",
            ["job", "reason"],
            registry=self.registry,
        )
        self.answers = Counter(
            "intern_answers",
            "Issues looked at, by what was done and why.",
            ["action", "reason"],
            registry=self.registry,
        )
        self.delivery_to_comment = Histogram(
            "intern_delivery_to_comment_seconds",
            "Seconds from a delivery to its comment.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self.llm_tokens = Counter(
            "intern_llm_tokens",
            "Tokens that Claude charged for, by model and direction.",
            ["model", "direction"],
            registry=self.registry,
        )
        self.llm_cost = Counter(
            "intern_llm_cost_dollars",
            "What Claude cost, by the price table.",
            ["model"],
            registry=self.registry,
        )
        self.llm_failures = Counter(
            "intern_llm_failures",
            "Calls to Claude that gave no usable answer, by reason.",
            ["reason"],
            registry=self.registry,
        )
