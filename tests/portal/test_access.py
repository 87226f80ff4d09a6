"""Nobody but those who may see an application learns that it is there."""

import pytest
from django.test import Client

from shidian.applications import actions
from tests import steps
from tests.portal.pages import at, signed_in

PLAIN = (
    "application",
    "history",
    "attachments",
    "check",
    "freeze",
    "reopening",
    "form",
    "lodgement",
    "withdrawal",
)


def addresses(application):
    found = [at(name, application) for name in PLAIN]
    found.append(at("section", application, section="cover"))
    found.append(at("conflict", application, section="cover"))
    found += [at(name, application, number=1) for name in ("version", "version-form")]
    round_ = application.version.round
    party = round_.parties.first()
    attachment = application.attachments.first()
    found.append(at("opinion", application, party=party.pk))
    found.append(at("scan", application, signature=party.signature.pk))
    found.append(at("attachment-file", application, pk=attachment.pk))
    found.append(at("attachment-removal", application, pk=attachment.pk))
    found.append(at("version-file", application, number=1, sha256=attachment.file.sha256))
    number = application.lodgements.first().number
    found += [at("receipt", application, number=number), at("receipt-pdf", application, number=number)]
    return found


def test_the_public_is_asked_to_sign_in(cast, call):
    application = steps.lodged(cast, call)

    for address in addresses(application):
        answer = Client().get(address)
        assert answer.status_code == 302, address
        assert answer.url.startswith("/sign-in/"), address


@pytest.mark.parametrize("role", ["outsider", "other_handler", "administrator", "expert", "partner"])
def test_strangers_get_404_everywhere(cast, call, role):
    application = steps.lodged(cast, call)
    client = signed_in(getattr(cast, role))

    for address in addresses(application):
        assert client.get(address).status_code == 404, address
        assert client.post(address).status_code in (404, 405), address


def test_an_office_reads_what_was_handed_in_and_changes_nothing(cast, call):
    application = steps.lodged(cast, call)
    client = signed_in(cast.heping_handler)
    readable = [at(name, application) for name in ("application", "history", "form")]
    readable += [at(name, application, number=1) for name in ("version", "version-form")]

    for address in readable:
        assert client.get(address).status_code == 200, address
    for name in ("attachments", "check", "freeze", "reopening", "lodgement", "withdrawal"):
        assert client.get(at(name, application)).status_code == 404, name


def test_an_office_does_not_see_the_version_that_was_not_handed_in(cast, call):
    application = steps.judged(cast, call)
    from shidian.reviews import actions as reviews

    reviews.return_for_correction(
        application, by=cast.heping_handler, reasons=[reviews.Said("请改名称", "cover")]
    )
    steps.write(application, cast.lead_writer, cover__contact="尚未公开的联系人")
    actions.freeze(steps.fresh(application), by=cast.lead_writer)
    client = signed_in(cast.heping_handler)

    assert client.get(at("version", application, number=1)).status_code == 200
    assert client.get(at("version", application, number=2)).status_code == 404
    assert client.get(at("version-form", application, number=2)).status_code == 404
    assert (
        "v2"
        not in client.get(at("application", application))
        .content.decode()
        .split("h-ver")[1]
        .split("h-files")[0]
    )


def test_the_auditor_reads_everything_of_a_draft(cast, call):
    application = steps.start_filled(cast, call)

    answer = signed_in(cast.auditor).get(at("application", application))

    assert answer.status_code == 200
    assert "继续填写" not in answer.content.decode()
    assert signed_in(cast.auditor).get(at("section", application, section="cover")).status_code == 404
