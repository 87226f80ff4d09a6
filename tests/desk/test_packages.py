"""The package: progress, result, fault, and who takes it along."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from django.urls import reverse

from shidian.calls.models import Call
from shidian.dispatch.models import Package
from shidian.dispatch.verify import verify
from tests import steps
from tests.desk.pages import signed_in, source_of, text_of


def test_a_ready_package_is_taken_along_and_proven(cast: steps.Cast, call: Call, tmp_path: Path) -> None:
    _, listed = steps.nominated(cast, call)
    client = signed_in(cast.commission_officer)
    package = Package.objects.get(list=listed)

    page = text_of(client.get(reverse("desk:package", args=(listed.reference,))))
    assert package.manifest_digest in page
    assert f"shidian verify {listed.reference}.zip" in page
    assert "报送包" in text_of(client.get(reverse("desk:list-detail", args=(listed.reference,))))

    answer = client.get(reverse("desk:package-zip", args=(listed.reference,)))
    assert "attachment" in answer.headers["Content-Disposition"]
    target = tmp_path / "package.zip"
    target.write_bytes(BytesIO(b"".join(answer.streaming_content)).getvalue())
    assert verify(target).ok


def test_progress_is_told_while_it_is_made(cast: steps.Cast, call: Call) -> None:
    _, listed = steps.nominated(cast, call)
    Package.objects.filter(list=listed).update(state="building", done=3, total=8, file=None)
    client = signed_in(cast.commission_officer)
    answer = client.get(reverse("desk:package-progress", args=(listed.reference,)))
    assert answer.json() == {
        "done": 3,
        "total": 8,
        "words": "正在汇集第 4 件申请，共 8 件",
        "finished": False,
    }
    assert "data-progress" in source_of(client.get(reverse("desk:package", args=(listed.reference,))))
    assert client.get(reverse("desk:package-zip", args=(listed.reference,))).status_code == 404


def test_a_failed_package_is_made_again(cast: steps.Cast, call: Call) -> None:
    _, listed = steps.nominated(cast, call)
    Package.objects.filter(list=listed).update(state="failed", file=None, fault="磁盘已满")
    client = signed_in(cast.commission_officer)
    assert "磁盘已满" in text_of(client.get(reverse("desk:package", args=(listed.reference,))))
    assert client.post(reverse("desk:package-retry", args=(listed.reference,))).status_code == 302
    assert Package.objects.get(list=listed).state == "ready"


def test_districts_and_strangers_do_not_see_it(cast: steps.Cast, call: Call) -> None:
    _, listed = steps.nominated(cast, call)
    for name in ("package", "package-progress", "package-zip"):
        for user in (cast.heping_handler, cast.institute_clerk, cast.outsider, cast.lead_writer):
            assert signed_in(user).get(reverse(f"desk:{name}", args=(listed.reference,))).status_code == 404
    retry = reverse("desk:package-retry", args=(listed.reference,))
    assert signed_in(cast.auditor).post(retry).status_code == 404


def test_a_list_without_package_has_no_page_of_one(cast: steps.Cast, call: Call) -> None:
    _, listed = steps.dispatched(cast, call)
    answer = signed_in(cast.heping_handler).get(reverse("desk:package", args=(listed.reference,)))
    assert answer.status_code == 404
