"""Pages of reviewers, of the team, and of bulk edits; part of labeling/urls.py."""

from django.urls import path

from labeling.views import bulk, review, team

urlpatterns = [
    path("review/", review.review, name="review"),
    path("review/agreement/", team.agree, name="agreement"),
    path("review/videos/<int:pk>/", review.review_video, name="review-video"),
    path("review/videos/<int:pk>/gold/", review.gold, name="gold"),
    path("review/decisions/<int:pk>/undo/", review.undo_decision, name="undo-decision"),
    path("review/models/<str:slug>/", review.review_model, name="review-model"),
    path("review/outcomes/<int:pk>/", review.review_outcome, name="review-outcome"),
    path("review/questions/<int:pk>/", review.reply, name="reply"),
    path("team/", team.team, name="team"),
    path("team/hours.csv", team.hours, name="hours"),
    path("team/<int:pk>/", team.person, name="person"),
    path("team/<int:pk>/void/", team.void, name="void"),
    path("team/voidings/<int:pk>/undo/", team.unvoid, name="unvoid"),
    path("videos/edit/", bulk.edit, name="bulk-edit"),
    path("videos/edit/apply/", bulk.apply, name="bulk-apply"),
    path("videos/edits/", bulk.edits, name="bulk-edits"),
    path("videos/edits/<int:pk>/undo/", bulk.undo, name="bulk-undo"),
]
