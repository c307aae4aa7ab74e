"""Tests of the kernels wait for one process to compile them instead of compiling them twice."""

import pytest

from recsim.generate.warm import compile_kernels


@pytest.fixture(scope="session", autouse=True)
def _kernels() -> None:
    compile_kernels(print)
