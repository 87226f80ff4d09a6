"""What a unit tells of itself once, to be reused in every application. Every change is a row of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shidian.accounts.models import User
from shidian.audit.actions import record
from shidian.core import clock
from shidian.core.errors import NotPermitted
from shidian.organisations.links import head_of
from shidian.organisations.models import Membership, Organisation, UnitProfile

LABELS = {
    "region": gettext_noop("所在地"),
    "address": gettext_noop("单位地址"),
    "postcode": gettext_noop("邮编"),
    "head_name": gettext_noop("负责人"),
    "phone": gettext_noop("联系电话"),
    "email": gettext_noop("电子邮箱"),
    "industry": gettext_noop("所属行业"),
    "economic_type": gettext_noop("经济类型"),
    "business_scope": gettext_noop("业务范围"),
}
"""What a profile holds besides the name and the code, which the registration has fixed."""


def newest(organisation: Organisation) -> UnitProfile | None:
    """The profile as it was kept last; None when nobody has yet."""
    return UnitProfile.objects.filter(organisation=organisation).select_related("by").order_by("-pk").first()


def told(organisation: Organisation, kept: UnitProfile | None) -> dict[str, Any]:
    """Everything that is known of a unit by attribute: what was kept, and for the rest what the registration tells."""
    head = head_of(organisation)
    region = organisation.region
    known: dict[str, Any] = {
        "name": organisation.name,
        "code": organisation.code,
        "address": organisation.address,
        "region": {"province": f"{region[:2]}0000", "county": region, "detail": ""} if region else {},
        "head_name": head.name if head else "",
    }
    return known | (dict(kept.data) if kept else {})


@transaction.atomic
def keep(organisation: Organisation, values: Mapping[str, Any], *, by: User) -> UnitProfile | None:
    """Keep what a member says of its unit; None when nothing is new. Whether it is right was checked by the form.

    Address and district of the account follow. Applications that were started keep what they have. Refused for others.
    """
    locked = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if not Membership.objects.filter(user=by, organisation=locked).exists():
        raise NotPermitted(_("只有本单位人员可以改单位资料。"))
    before = told(locked, newest(locked))
    data = {key: values[key] for key in LABELS if key in values}
    changed = [LABELS[key] for key, value in data.items() if (value or "") != (before.get(key) or "")]
    if not changed:
        return None
    row = UnitProfile.objects.create(organisation=locked, data=data, at=clock.now(), by=by)
    region = data.get("region") or {}
    locked.region = (region.get("county") or region.get("province") or locked.region)[:6]
    locked.address = str(data.get("address") or locked.address)[:200]
    locked.save(update_fields=("region", "address"))
    record("organisation.profile_kept", locked.chain, by=by, detail={"fields": "、".join(changed)})
    return row
