"""The shortest way through everything: one application from the draft into the national package."""

from __future__ import annotations

from shidian.audit.queries import verify as audit
from shidian.calls.models import Call
from shidian.dispatch.models import Package
from shidian.dispatch.verify import verify
from shidian.documents.storage import file_store
from tests import steps


def test_one_application_reaches_the_national_package(cast: steps.Cast, call: Call) -> None:
    application, listed = steps.nominated(cast, call)

    package = Package.objects.get(list=listed)
    assert (application.state, package.state, package.fault) == ("nominated", "ready", "")
    assert package.file is not None
    assert verify(file_store().path(package.file.sha256)).ok
    assert audit().faults == []
