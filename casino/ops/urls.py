from django.urls import path

from casino.ops import health

urlpatterns = [path("healthz", health.healthz, name="healthz")]
