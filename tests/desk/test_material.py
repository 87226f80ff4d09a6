"""Papers and files of an application: only to who sees it, only what arrived, never to be run."""

from __future__ import annotations

from io import BytesIO

from django.urls import reverse

from shidian.applications import actions as applications
from shidian.applications.models import Application
from shidian.calls.models import Call
from shidian.documents.actions import keep
from shidian.reviews import actions as reviews
from shidian.reviews.actions import Said
from shidian.signoffs.models import Signature
from shidian.ui.files import stored
from tests import steps
from tests.desk.pages import signed_in


def test_files_open_with_safe_headers(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    signature = Signature.objects.filter(party__round__version=found.version).first()
    assert signature is not None
    client = signed_in(cast.heping_handler)
    for link in (
        reverse("desk:form", args=(found.reference,)),
        reverse("desk:scan", args=(found.reference, signature.pk)),
        reverse("desk:attachment", args=(found.reference, "v1", 1)),
    ):
        answer = client.get(link)
        assert answer.status_code == 200
        assert b"".join(answer.streaming_content).startswith(b"%PDF")
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "no-store" in answer.headers["Cache-Control"]


def test_what_no_browser_shows_is_downloaded(cast: steps.Cast, call: Call) -> None:
    file = keep(BytesIO(b"<script>"), name="说明.html", media_type="text/html")
    answer = stored(file)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    b"".join(answer.streaming_content)


def test_earlier_versions_are_those_that_arrived_here(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    reviews.return_for_correction(found, by=cast.heping_handler, reasons=[Said("请补正")])
    found = steps.fresh(found)
    applications.freeze(found, by=cast.lead_writer)  # v2, frozen but not handed in
    client = signed_in(cast.heping_handler)
    form = reverse("desk:form", args=(found.reference,))
    assert client.get(form, {"version": "v1"}).status_code == 200
    assert client.get(form, {"version": "v2"}).status_code == 404
    assert client.get(reverse("desk:attachment", args=(found.reference, "v2", 1))).status_code == 404


def test_numbers_that_do_not_exist_are_404(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    client = signed_in(cast.heping_handler)
    for number in (0, 99):
        assert client.get(reverse("desk:attachment", args=(found.reference, "v1", number))).status_code == 404
    assert client.get(reverse("desk:scan", args=(found.reference, 999_999))).status_code == 404


def links(found: Application) -> list[str]:
    signature = Signature.objects.filter(party__round__version=found.version).first()
    assert signature is not None
    return [
        reverse("desk:form", args=(found.reference,)),
        reverse("desk:scan", args=(found.reference, signature.pk)),
        reverse("desk:attachment", args=(found.reference, "v1", 1)),
    ]


def test_scans_of_one_application_are_not_reached_through_another(cast: steps.Cast, call: Call) -> None:
    one, other = steps.lodged(cast, call), steps.lodged(cast, call)
    signature = Signature.objects.filter(party__round__version=other.version).first()
    assert signature is not None
    link = reverse("desk:scan", args=(one.reference, signature.pk))
    assert signed_in(cast.heping_handler).get(link).status_code == 404


def test_strangers_get_404(cast: steps.Cast, call: Call) -> None:
    found = steps.lodged(cast, call)
    for link in links(found):
        for user in (cast.other_handler, cast.outsider, cast.lead_writer, cast.administrator):
            assert signed_in(user).get(link).status_code == 404
        assert signed_in(cast.auditor).get(link).status_code == 200
