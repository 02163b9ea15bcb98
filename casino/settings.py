"""
Settings, from the environment (names and defaults in the README).

Three modes follow from `DEBUG`:
  unset   embedded: what `make run` gives on a bare machine. Serves local names only, keeps a secret of its own in var/.
  true    development: as embedded, with Django's debug pages.
  false   production: every secret must be given; `casino.ops.checks` refuses to start on an unsafe setting.
"""

import contextlib
import logging
import os
import secrets
import socket
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
env_file = BASE_DIR / ".env"
if env_file.exists():
    environ.Env.read_env(str(env_file))

PRODUCTION = "DEBUG" in env.ENVIRON and not env.bool("DEBUG")
DEBUG = env.bool("DEBUG", default=False)


def local_secret() -> str:
    """The embedded mode's own secret: made once, readable by this user only, never in the repository."""
    path = VAR_DIR / "secret_key"
    VAR_DIR.mkdir(exist_ok=True)
    if not path.exists():
        draft = VAR_DIR / f"secret_key.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        with contextlib.suppress(FileExistsError):  # another process was first: its secret counts
            os.link(draft, path)
        draft.unlink()
    return path.read_text()


def local_addresses() -> list[str]:
    """The machine's own addresses, as far as it knows them."""
    try:
        return sorted({str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)})
    except OSError:
        return []


# Django will not even load its checks without a key: this one stands for "none", and the checks refuse it.
NO_SECRET = "none"  # noqa: S105 it stands for the absence of one
SECRET_KEY = env.str("SECRET_KEY", default="") or (NO_SECRET if PRODUCTION else local_secret())
# Keys for what is encrypted at rest (seeds, signing secrets, second factors). The first encrypts, all decrypt, so they
# can be rotated.
ENCRYPTION_KEYS: list[str] = env.list("ENCRYPTION_KEYS", default=[]) or ([] if PRODUCTION else [SECRET_KEY])

LOCAL_NAMES = ["localhost", "127.0.0.1", "[::1]", "testserver"]
if not PRODUCTION and env.str("HOST", default="") not in ("", *LOCAL_NAMES):
    # `make run HOST=…`: reachable under that name, and under the machine's own where it stands for all addresses.
    LOCAL_NAMES += [env.str("HOST"), socket.gethostname(), *local_addresses()]
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else LOCAL_NAMES)
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Hosts of pages that may open our sockets, beside our own (a partner that embeds the game).
SOCKET_ALLOWED_HOSTS: list[str] = env.list("SOCKET_ALLOWED_HOSTS", default=[])
# Game sockets that one player may have open at a process. A page needs one; on one's own machine many may be tried.
SOCKETS_PER_PLAYER = env.int("SOCKETS_PER_PLAYER", default=20 if PRODUCTION else 1_000)
# Proxies whose forwarded headers are believed (addresses or ranges); none by default.
TRUSTED_PROXY_IPS: list[str] = env.list("TRUSTED_PROXY_IPS", default=[])
# Where this installation is reached, for what has no request to tell it by (a day's report of the bundled provider).
SITE_ORIGIN = env.str("SITE_ORIGIN", default="http://127.0.0.1:8000")
SITE_NAME = env.str("SITE_NAME", default="BigPanda Casino")

# --- applications -----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "casino.ops",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_structlog",
    "csp",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "casino.api",
    "accounts",
    "accounts.partners",
    "accounts.webhooks",
    "accounts.protection",
    "accounts.affiliates",
    "wallet",
    "wallet.operators",
    "wallet.transfers",
    "wallet.psp",
    "wallet.sandbox",
    "wallet.exchange",
    "wallet.reconciliation",
    "wallet.bankroll",
    "wallet.affiliates",
    "games",
    "games.crash",
    "games.instant",
    "games.solo",
    "games.social",
]

# The name that RequestIdMiddleware has given the request (an inbound one only if it is sane) is the log's as well.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # it believes every X-Forwarded-For; `casino.ops.logs` has the true address
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # one line per request, when it is answered
MIDDLEWARE = [
    "casino.ops.request_id.RequestIdMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "games.legacy.middleware.LegacyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "casino.api.middleware.ApiMiddleware",
    "casino.ops.pages.Readable",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "casino.ops.pages.Sessions",
    "django.middleware.common.CommonMiddleware",
    "casino.ops.pages.Csrf",
    "casino.ops.pages.SignedIn",
    "casino.ops.pages.Messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "casino.ops.backoffice_csp.ContentSecurityPolicy",
    "allauth.account.middleware.AccountMiddleware",
    "casino.ops.request_log.RequestLog",
]

ROOT_URLCONF = "casino.urls"
WSGI_APPLICATION = "casino.wsgi.application"
ASGI_APPLICATION = "casino.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "games.context.site",
            ],
        },
    },
]

# --- database ---------------------------------------------------------------------------------------------------------
DATABASE_URL = env.str("DATABASE_URL", default="") or f"sqlite:///{VAR_DIR / 'casino.sqlite3'}"
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    VAR_DIR.mkdir(exist_ok=True)
    DATABASES["default"]["OPTIONS"] = {
        # A write transaction takes the lock when it begins: two of them queue instead of failing half way.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # WAL: readers never wait for the writer. FULL: what was answered to a player survives a power cut.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
        "PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY;",
    }
    # A file, not memory: tests use threads and server processes, which must share it.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
else:
    # Under ASGI a persistent connection leaks per thread; Django's pool with CONN_MAX_AGE 0 does not.
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"].setdefault("OPTIONS", {})
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": env.int("DATABASE_POOL_MIN", default=2),
        "max_size": env.int("DATABASE_POOL_MAX", default=16),
        "timeout": 10,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- channel layer and cache ------------------------------------------------------------------------------------------
REDIS_URLS: list[str] = [url for url in env.list("REDIS_URL", default=[]) if url]
if REDIS_URLS:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            # redis-py 8 gives every socket a 5 s timeout, which would end idle subscribers: none here.
            "CONFIG": {"hosts": [{"address": url, "socket_timeout": None} for url in REDIS_URLS]},
        }
    }
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URLS[0]}}
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 10_000}}}
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# What a process may keep for itself for a moment.
CACHES["process"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "process"}

# --- people -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "lobby"
LOGOUT_REDIRECT_URL = "lobby"
ACCOUNT_LOGOUT_REDIRECT_URL = "lobby"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USERNAME_MIN_LENGTH = 3
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_PREVENT_ENUMERATION = True
# New accounts a minute from one address; allauth's limits of sign-ins and of the rest stay as they are.
ACCOUNT_RATE_LIMITS = {"signup": f"{env.int('SIGN_UPS_PER_MINUTE', default=20)}/m/ip"}
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]

SESSION_IDLE_SECONDS = 30 * 60  # game sessions: idle, contract section 5
SESSION_MAX_SECONDS = 24 * 3600
# Minutes between reality checks of players for whom nobody has set another interval; 0 for none.
REALITY_CHECK_MINUTES = env.int("REALITY_CHECK_MINUTES", default=60)

# --- the crash game ---------------------------------------------------------------------------------------------------
CRASH_WAIT_MS = env.int("CRASH_WAIT_MS", default=5000)
CRASH_TICK_MS = env.int("CRASH_TICK_MS", default=200)
# After the crash the engine waits this long for cash-outs that were received before it and are still on their way.
CRASH_GRACE_MS = env.int("CRASH_GRACE_MS", default=300)
# "refund" (GLI) or "pay": what happens to bets without a due auto cash-out when a running round is interrupted.
CRASH_CHAIN_LENGTH = env.int("CRASH_CHAIN_LENGTH", default=20_000)
# Rounds of a solo chain: each account has chains of its own, made when they are needed.
SOLO_CHAIN_LENGTH = env.int("SOLO_CHAIN_LENGTH", default=1_000)
# "auto": a new chain's client seed is drawn after its announcement; "manual": staff enter it (a public beacon).
CRASH_CLIENT_SEED = env.str("CRASH_CLIENT_SEED", default="auto")
CHAT_MESSAGES_PER_WINDOW = env.int("CHAT_MESSAGES_PER_WINDOW", default=5)
CHAT_WINDOW_SECONDS = env.int("CHAT_WINDOW_SECONDS", default=10)

# --- exchange ---------------------------------------------------------------------------------------------------------
# A rate that is older than this moves no money (fixed ones, such as bits in bitcoin, do not grow old).
EXCHANGE_RATE_MAX_AGE_HOURS = env.int("EXCHANGE_RATE_MAX_AGE_HOURS", default=24)
EXCHANGE_SPREAD_BPS = env.int("EXCHANGE_SPREAD_BPS", default=0)  # the house's margin on conversions, in 1/10,000
# What is younger than this may still be on its way to one side: no difference yet.
RECONCILIATION_IN_FLIGHT_MINUTES = env.int("RECONCILIATION_IN_FLIGHT_MINUTES", default=10)

# --- API --------------------------------------------------------------------------------------------------------------
# Webhooks go to public https addresses only; while developing, also to this machine.
WEBHOOKS_ALLOW_PRIVATE: bool = env.bool("WEBHOOKS_ALLOW_PRIVATE", default=DEBUG)
# Operators' servers (seamless wallet) have public https addresses; in the embedded mode they may be on this machine.
OPERATORS_ALLOW_PRIVATE: bool = env.bool("OPERATORS_ALLOW_PRIVATE", default=not PRODUCTION)
# Threads of a process that may wait for operators at a time: fewer than a REST server has, so that the rest serve on.
OPERATOR_WAITING_THREADS = env.int("OPERATOR_WAITING_THREADS", default=4 if PRODUCTION else 64)
# The bundled payment provider with play money: there unless in production, where it must be asked for twice.
SANDBOX_PSP: bool = env.bool("SANDBOX_PSP", default=not PRODUCTION)
SANDBOX_PSP_IN_PRODUCTION: bool = env.bool("SANDBOX_PSP_IN_PRODUCTION", default=False)
API_MAX_BODY = 256 * 1024
# Requests per key in a window of seconds, by class of endpoint; "guess" counts failed authentications per address,
# "play" all requests of a player's pages and to the legacy APIs (to those also of a visitor's address).
_WINDOW = env.int("API_WINDOW_SECONDS", default=60)
API_RATE_LIMITS: dict[str, tuple[int, int]] = {
    "read": (env.int("API_READ_PER_WINDOW", default=1200), _WINDOW),
    "write": (env.int("API_WRITE_PER_WINDOW", default=600), _WINDOW),
    "report": (env.int("API_REPORTS_PER_WINDOW", default=60), _WINDOW),
    "guess": (env.int("API_GUESSES_PER_WINDOW", default=60), _WINDOW),
    "play": (env.int("API_PLAYS_PER_WINDOW", default=1200), _WINDOW),
}
# Which paths are the legacy APIs' (games.legacy): all below /api/1, and these of /api/v1, which the partner API shares.
LEGACY_ONE_PATHS = r"(?s:|/.*)"
LEGACY_V1_PATHS = r"(?s:/user/?|/(?:new_hash|games/bets|games/[^/]+/bets?)(?:/.*)?)"
LEGACY_API_PATHS = rf"/api/(?:1{LEGACY_ONE_PATHS}|v1{LEGACY_V1_PATHS})"
# They may be called from everybody's pages, and never with this site's cookies.
CORS_URLS_REGEX = rf"^{LEGACY_API_PATHS}$"
CORS_ALLOW_ALL_ORIGINS = True
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_METHODS = ["GET", "POST"]
CORS_ALLOW_HEADERS = ["accept", "authorization", "content-type", "x-affiliate-id", "x-requested-with"]
CORS_EXPOSE_HEADERS = ["Retry-After", "X-Request-Id"]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.partners.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["casino.api.parsing.ExactJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "casino.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "casino.api.handler.handle",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "BigPanda partner API",
    "VERSION": "1.0.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENFORCE_NON_BLANK_FIELDS": True,
    "ENUM_NAME_OVERRIDES": {
        "RoundStatus": "games.crash.api.shapes.ROUND_STATUSES",
        "BetStatus": "games.crash.api.shapes.BET_STATUSES",
        "GameAvailability": "games.api.views.GAME_STATUSES",
        "ErrorCode": "casino.api.docs.CODES",
        "WalletKind": "wallet.api.WALLETS",
        "CurrencyKind": "wallet.exchange.api.KINDS",
        "Environment": "wallet.api.ENVIRONMENTS",
        "TransferDirection": "wallet.transfers.api.DIRECTIONS",
        "PaymentReportType": "wallet.psp.api.TYPES",
        "WebhookEvent": "accounts.webhooks.rules.EVENTS",
        "LimitKind": "wallet.protection.shapes.KINDS",
        "SetBy": "wallet.protection.shapes.SOURCES",
        "DeliveryState": ["pending", "delivered", "failed"],
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "casino.api.schema.finish",
    ],
    "DESCRIPTION": "Live state, rounds, bets, players, balances, reports and webhooks. Money is integers of minor "
    "units with their denominator; multipliers are hundredths. The sockets are described in `/api/v1/asyncapi.json`.",
    "SERVERS": [{"url": "/", "description": "the host that serves this document"}],
    "TAGS": [
        {"name": "Game", "description": "What is played, and where it is now."},
        {"name": "Rounds", "description": "Past rounds, with all that anyone needs to recompute them."},
        {"name": "Players", "description": "Your players, their sessions, balances and limits."},
        {"name": "Transfers", "description": "Between you and your players, for those with a transfer wallet. Signed."},
        {"name": "Bets", "description": "Reserve, place, cancel, cash out. Signed, and idempotent."},
        {"name": "Payments", "description": "For payment providers: what became of deposits and withdrawals."},
        {"name": "Reports", "description": "Figures by day."},
        {"name": "Webhooks", "description": "Where you are told what happened."},
        {"name": "Multi", "description": "Several actions in one request."},
        {"name": "About", "description": "The API itself; needs no key."},
    ],
}

# --- web --------------------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["casino.formats"]  # times with seconds
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
if not PRODUCTION:  # nothing is collected there; it exists so that nobody is warned that it does not
    STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = not PRODUCTION  # embedded: no collectstatic step
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# What a person is told stays here, where their cookie would carry it about, readable.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=PRODUCTION)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

_CSP_SELF = "'self'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [_CSP_SELF],
        "script-src": [_CSP_SELF],
        "style-src": [_CSP_SELF],
        "img-src": [_CSP_SELF, "data:"],
        "connect-src": [_CSP_SELF],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": [_CSP_SELF],
    }
}

# --- back office ------------------------------------------------------------------------------------------------------
from casino.ops.backoffice_settings import UNFOLD as UNFOLD  # noqa: E402  its name, colours, menu and dashboard
