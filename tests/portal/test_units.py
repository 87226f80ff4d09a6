"""The unit's page, and the letters of a demonstration."""

from django.core import mail
from django.test import Client
from django.urls import reverse

from tests import steps
from tests.portal.pages import signed_in, text_of


def test_members_see_their_unit_and_nobody_else_does(cast):
    address = reverse("portal:unit", kwargs={"pk": cast.lead.pk})

    page = text_of(signed_in(cast.lead_writer).get(address))

    assert "李负责" in page
    assert "已确认" in page
    assert signed_in(cast.outsider).get(address).status_code == 404
    assert signed_in(cast.heping_handler).post(address).status_code == 404


def test_the_head_is_asked_again_while_the_unit_waits(cast, mailoutbox, django_capture_on_commit_callbacks):
    unit = steps.make_unit("河北区示范中心", "11120105PDY0000477", state="pending")
    writer = steps.make_user("w2", "周经办")
    steps.join(writer, unit, "writer")
    steps.join(steps.make_user("h2", "吴负责"), unit, "head")
    client = signed_in(writer)
    address = reverse("portal:unit", kwargs={"pk": unit.pk})

    assert "请负责人吴负责打开邮件里的链接确认" in text_of(client.get(address))
    with django_capture_on_commit_callbacks(execute=True):
        client.post(address)

    assert [letter.to for letter in mailoutbox] == [["h2@example.cn"]]


def test_the_letters_of_a_demonstration_are_read_newest_first_with_their_links(cast, settings, tmp_path):
    assert Client().get(reverse("portal:mailbox")).status_code == 404
    settings.DEMONSTRATION = True
    settings.DATA = tmp_path
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    assert "还没有邮件" in text_of(Client().get(reverse("portal:mailbox")))
    with mail.get_connection() as connection:
        mail.send_mail(
            "第一封", "<b>看</b> http://testserver/a/", None, ["a@example.cn"], connection=connection
        )
        mail.send_mail("第二封", "再看", None, ["b@example.cn"], connection=connection)

    page = text_of(Client().get(reverse("portal:mailbox")))

    assert page.index("第二封") < page.index("第一封")
    assert '<a href="http://testserver/a/"' in page
    assert "&lt;b&gt;" in Client().get(reverse("portal:mailbox")).content.decode()
