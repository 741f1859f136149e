"""Settings of the whole suite."""

import os

import pytest
from hypothesis import settings

settings.register_profile("mechlab", deadline=None, derandomize=True)
settings.load_profile("mechlab")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where nothing may be skipped (MECHLAB_NO_SKIPS=1), a skipped test is a failed one."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("MECHLAB_NO_SKIPS"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"
    return report
