from django.urls import URLPattern, path

from accounts import views

urlpatterns: list[URLPattern] = [
    path("account/", views.overview, name="account"),
    path("account/sessions/end/", views.end_sessions, name="account-end-sessions"),
]
