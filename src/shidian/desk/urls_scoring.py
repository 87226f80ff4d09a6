"""Addresses of score sheets, results and meetings; part of the desk's."""

from django.urls import path

from shidian.desk.views import discussion, meeting, panel_results, sheets

urlpatterns = [
    # An expert's own sheets
    path("sheets/", sheets.sheets, name="sheets"),
    path("sheets/<int:pk>/", sheets.sheet, name="sheet"),
    path("sheets/<int:pk>/entries/<slug:item>/", sheets.save, name="sheet-entry"),
    path("sheets/<int:pk>/submission/", sheets.submission, name="sheet-submission"),
    # A panel's sheets and results
    path("panels/<int:pk>/discussion/<str:reference>/", discussion.discussion, name="discussion"),
    path("panels/<int:pk>/sheets.xlsx", panel_results.sheets_xlsx, name="sheets-xlsx"),
    path("panels/<int:pk>/sheets/<int:sheet>/reopening/", discussion.reopening, name="sheet-reopening"),
    path("panels/<int:pk>/sheets/<int:sheet>/moderation/", discussion.moderation, name="moderation"),
    path("panels/<int:pk>/results/", panel_results.results, name="panel-results"),
    path("panels/<int:pk>/results.xlsx", panel_results.results_xlsx, name="panel-results-xlsx"),
    path("panels/<int:pk>/results/what-if/", panel_results.what_if, name="what-if"),
    path("panels/<int:pk>/results/freezing/", panel_results.freezing, name="result-freezing"),
    path("panels/<int:pk>/results/<int:number>/", panel_results.result, name="result"),
    path("panels/<int:pk>/results/<int:number>.xlsx", panel_results.result_xlsx, name="result-xlsx"),
    path("panels/<int:pk>/results/<int:number>.json", panel_results.result_json, name="result-json"),
    # A panel's meeting
    path("panels/<int:pk>/meeting/", meeting.meeting, name="meeting"),
    path("panels/<int:pk>/meeting/plan/", meeting.plan, name="meeting-plan"),
    path("panels/<int:pk>/meeting/live/", meeting.live, name="meeting-live"),
    path("panels/<int:pk>/meeting/live/part/", meeting.live_part, name="meeting-live-part"),
    path("panels/<int:pk>/meeting/closing/", meeting.closing, name="meeting-closing"),
    path("panels/<int:pk>/meeting/reopening/", meeting.reopening, name="meeting-reopening"),
    path("panels/<int:pk>/meeting/minutes.pdf", meeting.minutes_pdf, name="minutes-pdf"),
    path("panels/<int:pk>/meeting/minutes.docx", meeting.minutes_docx, name="minutes-docx"),
    path("panels/<int:pk>/meeting/items/<int:item>/<slug:act>/", meeting.item_act, name="meeting-item"),
    path("panels/<int:pk>/meeting/<slug:act>/", meeting.act, name="meeting-act"),
]
