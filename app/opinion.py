"""What the model is asked to return: verdicts on the sources, and the steps of a draft.

It can name a source by its id and nothing else: there is no field for an address or a number.
Texts that are too long are cut where they are used; only a wrong shape makes an answer invalid.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Judgement(_Model):
    """The model's verdict on one source."""

    source_id: str = Field(description="The id of the source, such as S2.")
    one_change: str = Field(
        description="The one change to the code or docs that would settle both; empty if none."
    )
    shared: str = Field(description="One short sentence: the evidence that both share.")
    differs: str = Field(description="What differs, in a few words; empty if nothing.")
    verdict: Literal["duplicate", "related", "unrelated"]
    confidence: float = Field(description="From 0 to 1.")


StepKind = Literal["fix", "workaround", "missing"]


class ProposedStep(_Model):
    """One line of advice, and where it comes from."""

    source_id: str = Field(description="The id of the source that says so.")
    quote: str = Field(description="Words copied letter by letter from that source's answer.")
    text: str = Field(description="One or two sentences for the reporter.")
    kind: StepKind = Field(
        "fix", description="It cures the problem, gets around it, or tells what to add."
    )


class Opinion(_Model):
    """The whole answer."""

    judgements: list[Judgement] = Field(description="One for each source.")
    steps: list[ProposedStep] = Field(description="At most four; empty if no source supports any.")
