"""Addresses of the desk."""

from django.urls import path

from shidian.desk.views import (
    administration,
    applications,
    audit,
    decisions,
    home,
    lists,
    material,
    overview,
    packages,
    registry,
    review,
)

app_name = "desk"

urlpatterns = [
    path("", home.home, name="home"),
    # An office in a call
    path("calls/<slug:call>/overview/", overview.overview, name="overview"),
    path("calls/<slug:call>/overview.xlsx", overview.overview_xlsx, name="overview-xlsx"),
    path("calls/<slug:call>/registry/", registry.registry, name="registry"),
    path("calls/<slug:call>/registry.pdf", registry.registry_pdf, name="registry-pdf"),
    path("calls/<slug:call>/registry.xlsx", registry.registry_xlsx, name="registry-xlsx"),
    path("calls/<slug:call>/registry/<str:reference>/copy/", registry.copy, name="copy"),
    path("calls/<slug:call>/registry/<str:reference>/electronic/", registry.electronic, name="electronic"),
    path("calls/<slug:call>/registry/copies/<int:pk>/void/", registry.copy_void, name="copy-void"),
    path("calls/<slug:call>/offices/<slug:office>/", applications.applications, name="applications"),
    path(
        "calls/<slug:call>/offices/<slug:office>/applications.xlsx",
        applications.applications_xlsx,
        name="applications-xlsx",
    ),
    path("calls/<slug:call>/offices/<slug:office>/list/", lists.preparation, name="list"),
    path("calls/<slug:call>/offices/<slug:office>/list.pdf", lists.draft_pdf, name="list-draft-pdf"),
    path("calls/<slug:call>/offices/<slug:office>/list.xlsx", lists.draft_xlsx, name="list-draft-xlsx"),
    path("calls/<slug:call>/offices/<slug:office>/list/proposal/", lists.proposal, name="proposal"),
    # An application
    path("applications/<str:reference>/", review.application, name="application"),
    path("applications/<str:reference>/history/", review.history, name="history"),
    path("applications/<str:reference>/checks/", review.checks, name="checks"),
    path("applications/<str:reference>/return/", decisions.return_for_correction, name="return"),
    path("applications/<str:reference>/decline/", decisions.decline, name="decline"),
    path("applications/<str:reference>/recommendation/", decisions.recommendation, name="recommendation"),
    path("applications/<str:reference>/taking-back/", decisions.taking_back, name="taking-back"),
    path("applications/<str:reference>/opinions/<int:party>/", decisions.opinion, name="opinion"),
    path("applications/<str:reference>/form.pdf", material.form, name="form"),
    path("applications/<str:reference>/scans/<int:pk>/", material.scan, name="scan"),
    path(
        "applications/<str:reference>/attachments/<str:version>/<int:number>/",
        material.attachment,
        name="attachment",
    ),
    # A candidate list
    path("lists/<str:reference>/", lists.detail, name="list-detail"),
    path("lists/<str:reference>/list.pdf", lists.pdf, name="list-pdf"),
    path("lists/<str:reference>/list.xlsx", lists.xlsx, name="list-xlsx"),
    path("lists/<str:reference>/approval/", lists.approval, name="approval"),
    path("lists/<str:reference>/sending-back/", lists.sending_back, name="sending-back"),
    path("lists/<str:reference>/revocation/", lists.revocation, name="revocation"),
    path("lists/<str:reference>/seal/", lists.seal, name="seal"),
    path("lists/<str:reference>/sealed/", lists.sealed, name="sealed"),
    path("lists/<str:reference>/dispatch/", lists.dispatch, name="dispatch"),
    path("lists/<str:reference>/package/", packages.package, name="package"),
    path("lists/<str:reference>/package/progress/", packages.progress, name="package-progress"),
    path("lists/<str:reference>/package/retry/", packages.retry, name="package-retry"),
    path("lists/<str:reference>/package.zip", packages.download, name="package-zip"),
    # System administration
    path("administration/", administration.administration, name="administration"),
    path("administration/offices/<slug:key>/", administration.office, name="office"),
    path("administration/officers/<int:pk>/dismissal/", administration.dismissal, name="dismissal"),
    path("administration/units/", administration.units, name="units"),
    path("administration/units/<int:pk>/", administration.unit, name="unit"),
    path("administration/accounts/", administration.accounts, name="accounts"),
    path("administration/accounts/<int:pk>/", administration.account, name="account"),
    path("administration/accounts/<int:pk>/deactivation/", administration.deactivation, name="deactivation"),
    path("administration/accounts/<int:pk>/reactivation/", administration.reactivation, name="reactivation"),
    path("administration/auditors/", administration.auditors, name="auditors"),
    # Audit
    path("audit/", audit.audit, name="audit"),
    path("audit/events/", audit.events, name="audit-events"),
    path("audit/events.xlsx", audit.events_xlsx, name="audit-events-xlsx"),
    path("audit/anchors/", audit.anchors, name="audit-anchors"),
    path("audit/applications/", audit.applications, name="audit-applications"),
]
