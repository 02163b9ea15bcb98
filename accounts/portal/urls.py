from django.urls import URLPattern, path

from accounts.portal import docs, keys, webhooks

urlpatterns: list[URLPattern] = [
    path("", docs.home, name="developers"),
    path("docs/", docs.guide, name="developers-docs"),
    path("docs/errors/", docs.errors, name="developers-errors"),
    path("docs/reference/", docs.reference, name="developers-reference"),
    path("docs/<slug:name>.py", docs.example, name="developers-example"),
    path("docs/<slug:name>/", docs.guide, name="developers-guide"),
    path("changelog/", docs.changelog, name="developers-changelog"),
    path("<slug:environment>/keys/", keys.key_list, name="developers-keys"),
    path("<slug:environment>/keys/new/", keys.new_key, name="developers-key-new"),
    path("<slug:environment>/keys/<slug:key_id>/rotate/", keys.rotate_key, name="developers-key-rotate"),
    path("<slug:environment>/keys/<slug:key_id>/revoke/", keys.revoke_key, name="developers-key-revoke"),
    path("<slug:environment>/webhooks/", webhooks.endpoint_list, name="developers-webhooks"),
    path("<slug:environment>/webhooks/new/", webhooks.new_endpoint, name="developers-webhook-new"),
    path("<slug:environment>/webhooks/<slug:endpoint_id>/", webhooks.endpoint_detail, name="developers-webhook"),
    path(
        "<slug:environment>/webhooks/<slug:endpoint_id>/rotate/",
        webhooks.rotate_secret,
        name="developers-webhook-rotate",
    ),
    path(
        "<slug:environment>/webhooks/<slug:endpoint_id>/switch/",
        webhooks.switch_endpoint,
        name="developers-webhook-switch",
    ),
    path("<slug:environment>/webhooks/<slug:endpoint_id>/test/", webhooks.send_test, name="developers-webhook-test"),
    path(
        "<slug:environment>/webhooks/<slug:endpoint_id>/delete/",
        webhooks.delete_endpoint,
        name="developers-webhook-delete",
    ),
    path(
        "<slug:environment>/deliveries/<uuid:delivery_id>/resend/", webhooks.resend, name="developers-delivery-resend"
    ),
]
