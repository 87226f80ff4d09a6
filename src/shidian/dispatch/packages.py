"""The package for the destination: everything of a dispatched list in one BagIt zip, made in the background.

A job may be run again after its worker was killed: it starts over and replaces nothing that was finished.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import orjson
from django.db import transaction
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from shidian.accounts.models import User
from shidian.applications.models import Attestation
from shidian.applications.papers import evidence, form
from shidian.audit.actions import SYSTEM, anchor, move
from shidian.audit.models import Anchor
from shidian.audit.queries import timeline
from shidian.core import clock
from shidian.core.errors import NotNow, NotPermitted
from shidian.dispatch.bag import Bag, BagWriter
from shidian.dispatch.models import CandidateList, ListItem, Package
from shidian.dispatch.papers import letter_pdf, list_pdf, list_xlsx
from shidian.dispatch.queries import items
from shidian.documents.actions import keep
from shidian.documents.intake import safe_name
from shidian.documents.models import DocumentVersion, StoredFile
from shidian.documents.storage import file_store
from shidian.organisations.models import Officer
from shidian.organisations.rules import holds_office
from shidian.signoffs.models import Mandate, Party, Round, Signature
from shidian.signoffs.queries import parties

Progress = Callable[[int], None]


def build_later(package: Package) -> None:
    """Have the package made after the commit, by the worker; the row is the promise, the task only the push."""
    async_task("shidian.dispatch.packages.build", package.pk)


def build(pk: int) -> None:
    """Make a package that was asked for; nothing is done when it is ready already."""
    package = Package.objects.select_related("list__call", "list__office", "list__version").get(pk=pk)
    if package.state == "ready":
        return
    move(package, "build", by=SYSTEM, done=0, fault="")
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "package.zip"
            bag = write(package.list, path, progress=lambda done: _note(package, done))
            with path.open("rb") as content, transaction.atomic():
                file = keep(content, name=f"{package.list.reference}.zip", media_type="application/zip")
                move(
                    package,
                    "finish",
                    by=SYSTEM,
                    file=file,
                    manifest_digest=bag.digest,
                    finished_at=clock.now(),
                    detail={"digest": bag.digest, "sha256": file.sha256, "size": file.size},
                )
    except Exception as fault:
        move(package, "fail", by=SYSTEM, fault=str(fault)[:500], detail={"fault": str(fault)[:200]})
        raise


def _note(package: Package, done: int) -> None:
    Package.objects.filter(pk=package.pk).update(done=done)


def write(listed: CandidateList, path: Path, *, progress: Progress = lambda done: None) -> Bag:
    """Write the package of an approved list to `path`: list (XLSX, PDF, sealed scan), and for every application its
    form, data, opinions and attachments; the history of each, and an anchor over all of it.

    Streams from the file store: memory does not grow with the size. The same rows give the same bytes.
    """
    version = listed.version
    if version is None or listed.sealed_scan is None or listed.dispatched_at is None:
        raise ValueError(f"{listed.reference} was not dispatched")
    at = listed.dispatched_at.astimezone(listed.call.zone)
    with BagWriter(path, root=listed.reference, stamp=at, info=_info(listed)) as bag:
        title = safe_name(version.data["title"])
        _add_file(bag, f"{title}.pdf", list_pdf(listed, version))
        bag.add(f"{title}.xlsx", list_xlsx(listed, version))
        letter = letter_pdf(listed, version)
        if letter is not None:
            _add_file(bag, f"{version.data['letter']['label']}.pdf", letter)
        _add_file(
            bag,
            f"{title}-盖章扫描{_suffix(listed.sealed_scan)}",
            listed.sealed_scan,
        )
        bag.add(f"{title}.json", version.content.encode())
        for done, item in enumerate(items(listed), start=1):
            _add_application(bag, item)
            progress(done)
        bag.add("history/anchor.json", _anchor_json(anchor()))
        bag.add("history/list.json", _history(listed.chain))
        return bag.close()


def _info(listed: CandidateList) -> dict[str, str]:
    return {
        "Source-Organization": listed.office.name,
        "External-Identifier": listed.reference,
        "External-Description": listed.call.title,
    }


def _suffix(file: StoredFile) -> str:
    return Path(file.name).suffix.lower()


def _add_file(bag: BagWriter, name: str, file: StoredFile) -> None:
    bag.add(name, file_store().path(file.sha256))


def _add_application(bag: BagWriter, item: ListItem) -> None:
    application = item.application
    version = application.version
    if version is None:  # the database holds one for every state beyond a draft
        raise ValueError(f"{application.reference} has no version")
    folder = f"applications/{item.rank:03d}-{application.reference}"
    _add_file(bag, f"{folder}/申请书.pdf", form(version))
    bag.add(f"{folder}/data.json", version.content.encode())
    add_opinions(bag, folder, Round.objects.get(version=version))
    if version.second_digest:
        bag.add(f"{folder}/digests.json", _digests(version))
    for number, row in enumerate(version.data["attachments"], start=1):
        name = safe_name(f"{number:02d}-{row['name']}")
        bag.add(f"{folder}/attachments/{name}", file_store().path(row["sha256"]))
    bag.add(f"{folder}/history.json", _history(application.chain))


def add_opinions(bag: BagWriter, folder: str, round_: Round) -> None:
    """What every party said, as data, and under `opinions` the files on which each opinion rests.

    SM2 signatures (CMS, detached, over `data.json`) stand beside them.
    """
    for party in parties(round_):
        signature = party.signature
        if signature is not None:
            _add_evidence(bag, f"{folder}/opinions", party, signature)
    given = Attestation.objects.filter(party__round=round_).select_related("file", "party")
    for number, attestation in enumerate(given, start=1):
        party = attestation.party
        name = safe_name(f"{party.position:02d}-{party.label}-{party.name}-国密签名-{number}.p7s")
        _add_file(bag, f"{folder}/opinions/{name}", attestation.file)
    bag.add(f"{folder}/opinions.json", _opinions(round_))


def _add_evidence(bag: BagWriter, folder: str, party: Party, signature: Signature) -> None:
    """The sealed page, the certified PDF or the statement of an opinion, and the mandate under which it was given."""
    name = f"{party.position:02d}-{party.label}-{party.name}"
    file = evidence(signature)
    if file is not None:
        _add_file(bag, f"{folder}/{safe_name(name + _suffix(file))}", file)
    if signature.mandate is not None:
        held = signature.mandate.file
        _add_file(bag, f"{folder}/{safe_name(f'{name}-委托书{_suffix(held)}')}", held)


def _digests(version: DocumentVersion) -> bytes:
    """The digests of data.json side by side, each with its algorithm; `verify` recomputes them."""
    told = {version.algorithm: version.digest, version.second_algorithm: version.second_digest}
    return orjson.dumps({"data.json": told}, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)


def _opinions(round_: Round) -> bytes:
    found = []
    for party in parties(round_):
        signature = party.signature
        found.append(
            {
                "role": party.role,
                "label": party.label,
                "name": party.name,
                "decision": signature.decision if signature else None,
                "opinion": signature.opinion if signature else "",
                "signatory": signature.signatory if signature else "",
                "signed_on": signature.signed_on.isoformat() if signature else None,
                "digest": signature.digest if signature else None,
                "scope_digest": signature.scope_digest if signature else None,
                "carried": party.carried is not None,
                "means": signature.means if signature else None,
                "capacity": signature.capacity if signature else "",
                "proof": signature.proof if signature else {},
                "mandate": _mandate(signature.mandate) if signature and signature.mandate else None,
                "scan": signature.scan.sha256 if signature and signature.scan else None,
                "certified": signature.certified.sha256 if signature and signature.certified else None,
            }
        )
    return orjson.dumps(found, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)


def _mandate(mandate: Mandate) -> dict[str, str]:
    return {
        "delegate": mandate.delegate,
        "given_by": mandate.given_by,
        "since": mandate.since.isoformat(),
        "until": mandate.until.isoformat(),
        "file": mandate.file.sha256,
    }


def _history(chain: str) -> bytes:
    rows = [
        {
            "number": event.number,
            "name": event.name,
            "at": event.at.isoformat(timespec="microseconds"),
            "actor": event.actor_id,
            "label": event.actor_label,
            "detail": event.detail,
            "previous": event.previous,
            "hash": event.hash,
        }
        for event in timeline(chain).order_by("number")
    ]
    return orjson.dumps(rows, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)


def _anchor_json(sealed: Anchor) -> bytes:
    return orjson.dumps(
        {
            "at": sealed.at.isoformat(timespec="microseconds"),
            "chains": sealed.chains,
            "digest": sealed.digest,
            "previous": sealed.previous,
            "hash": sealed.hash,
        },
        option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2,
    )


def retry(package: Package, *, by: User) -> None:
    """Ask again for a package whose making failed. Refused for people of other offices, and in any other state."""
    if not holds_office(by, package.list.office, Officer.Role.HANDLER, Officer.Role.APPROVER):
        raise NotPermitted(_("只有报送机构的人员可以重新生成报送包。"))
    if package.state != "failed":
        raise NotNow(
            _("报送包现在是“{state}”，不用重新生成。").format(state=_(package.MACHINE.labels[package.state]))
        )
    build_later(package)
