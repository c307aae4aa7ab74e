"""The part of a scenario that closes the loop of a replay."""

from __future__ import annotations

from pydantic import Field

from recsim.scenario.section import Section, Share


class Loop(Section):
    """Whether served slates change what users do. At an adoption of 0 the log is played as it is."""

    adoption: Share = Field(0.0, description="served slates that their user looks at before the next view")
    examination: float = Field(
        1.0, ge=0, le=5, description="position bias: the odds of rank k are multiplied by (1/k)^examination"
    )
    salt: int = Field(0, ge=0, lt=2**31, description="another one draws the users' random numbers anew")
