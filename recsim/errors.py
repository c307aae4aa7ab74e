"""The errors a user can cause. Each names the thing, the place and the next step; none shows a traceback.

Exit codes: 0 done, 1 a bug, 2 bad input, 3 a threshold you set was missed, 4 a service named by URL does not answer,
130 interrupted.
"""

from __future__ import annotations


class RecsimError(Exception):
    """Something a user can mend. `str(error)` is one sentence fit for a terminal."""

    exit_code = 2


class BadInput(RecsimError):
    """A wrong value, file, name or directory. Nothing was written."""

    exit_code = 2


class ThresholdMissed(RecsimError):
    """A run was completed and a threshold the user set (`--fail-under`) was not reached."""

    exit_code = 3


class ServiceUnavailable(RecsimError):
    """A service named by URL did not answer."""

    exit_code = 4


class Interrupted(RecsimError):
    """A world was stopped before its end, by a signal or because its time was up; what is finished was kept."""

    exit_code = 130
