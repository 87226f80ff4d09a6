"""What anybody sees and does: objecting, following it by a secret address, taking it back."""

from __future__ import annotations

from typing import Any

from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from shidian.calls.models import Call
from shidian.dispatch.publishing import objections
from shidian.dispatch.publishing.models import Objection
from shidian.documents.marks.keys import keys
from shidian.documents.marks.payload import Mark, encode
from shidian.notifications import publicity as letters
from shidian.public import guessing, sheets
from tests import steps
from tests.dispatch import publishing_steps as acts

GIVEN = {"text": "有事实依据的异议", "name": "陈某某", "email": "c@example.cn"}


def test_anybody_objects_and_follows_it(cast: steps.Cast, call: Call, client: Client) -> None:
    found = acts.running(cast, call)
    page = reverse("public:objecting", args=(found.reference,))
    proof = SimpleUploadedFile("证据.pdf", steps.pdf_bytes(), "application/pdf")
    wrong = client.post(page, {"text": "", "name": "陈某某", "files": proof})
    assert wrong.status_code == 422
    assert "陈某某" in wrong.content.decode() and "证据.pdf" in wrong.content.decode()
    kept = wrong.context["kept"]

    answer = client.post(page, {**GIVEN, "item": found.items.get().pk, "kept": kept}, follow=True)

    objection = Objection.objects.get()
    assert objection.files.get().file.name == "证据.pdf"
    words = answer.content.decode()
    assert objection.number in words and objections.token(objection) in words
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert client.get(reverse("public:objection", args=(objection.number, "x" * 43))).status_code == 404


def test_the_answer_is_seen_once_it_is_confirmed(cast: steps.Cast, call: Call, client: Client) -> None:
    objection = acts.filed(cast, call)
    here = reverse("public:objection", args=(objection.number, objections.token(objection)))
    answered = acts.answered(objection, cast)
    assert "经核实，答复如下。" not in client.get(here).content.decode()
    objections.confirm(answered, by=cast.commission_approver)

    assert "经核实，答复如下。" in client.get(here).content.decode()


def test_it_is_taken_back_by_its_address(cast: steps.Cast, call: Call, client: Client) -> None:
    objection = acts.filed(cast, call)
    parts = (objection.number, objections.token(objection))
    client.post(reverse("public:objection-withdrawal", args=parts))

    assert acts.again(objection).state == "withdrawn"
    assert client.post(reverse("public:objection-withdrawal", args=parts)).status_code == 409


def test_a_bad_file_is_told_with_its_name(cast: steps.Cast, call: Call, client: Client) -> None:
    found = acts.running(cast, call)
    bad = SimpleUploadedFile("坏.pdf", b"no pdf", "application/pdf")

    answer = client.post(reverse("public:objecting", args=(found.reference,)), {**GIVEN, "files": bad})

    assert answer.status_code == 422 and "坏.pdf" in answer.content.decode()
    assert not Objection.objects.exists()


def test_too_many_from_one_address_wait(cast: steps.Cast, call: Call, client: Client) -> None:
    found = acts.running(cast, call)
    page = reverse("public:objecting", args=(found.reference,))
    for _ in range(guessing.OBJECTIONS):
        assert client.post(page, GIVEN).status_code == 302

    answer = client.post(page, GIVEN)

    assert answer.status_code == 429 and "有事实依据的异议" in answer.content.decode()
    assert Objection.objects.count() == guessing.OBJECTIONS


def test_after_the_period_nobody_objects(cast: steps.Cast, call: Call, client: Client, clock_at) -> None:  # type: ignore[no-untyped-def]
    found = acts.running(cast, call)
    clock_at(2023, 7, 11, 0, 0)

    answer = client.post(reverse("public:objecting", args=(found.reference,)), GIVEN)

    assert answer.status_code == 409
    words = client.get(reverse("public:publicity", args=(found.reference,))).content.decode()
    assert "公示期满" in words and "提出异议</a>" not in words


def test_letters_go_to_the_objector_and_tell_no_name_in_the_subject(cast: steps.Cast, call: Call) -> None:
    objection = acts.settled(acts.filed(cast, call), cast)
    mail.outbox.clear()

    letters.tell_filed(objection.number)
    letters.tell_answer(objection.number)

    first, second = mail.outbox
    assert first.to == second.to == ["objector@example.cn"]
    assert objections.token(objection) in first.body
    assert "经核实，答复如下。" in second.body
    assert "陈" not in first.subject + second.subject


def test_everyone_concerned_is_told_of_the_result_once(
    cast: steps.Cast, call: Call, django_capture_on_commit_callbacks: Any
) -> None:
    application, _ = steps.nominated(cast, call)
    row = acts.results.Row(application.reference, "approved", "公布名", "公布单位")
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        acts.results.record_results(acts.letter(cast, call), [row], by=cast.commission_officer)

    with django_capture_on_commit_callbacks(execute=True):
        letters.tell(steps.last_event(application.chain).pk)  # as after a killed worker

    told = [address for letter in mail.outbox for address in letter.to]
    assert {"head@example.cn", "writer@example.cn", "handler@example.cn", "commission@example.cn"} <= set(
        told
    )
    assert len(told) == len(set(told))
    assert all("公布名" in letter.body and application.name not in letter.subject for letter in mail.outbox)


def test_a_printed_notice_is_known_by_its_code(cast: steps.Cast, call: Call) -> None:
    found = acts.running(cast, call)
    code = encode(Mark(found.reference, 1, 1, 2), "T", key=keys()[0])
    assert (sheets.check(code).finding, sheets.check(code).kind) == ("current", "公示")

    acts.publicity.withdraw(found, by=cast.commission_approver, reason="有误")

    assert sheets.check(code).finding == "revoked"
