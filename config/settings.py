"""Settings, all from the environment (.env.example lists them), with defaults that work.

Without `REDIS_URL` the app is *embedded*: one process, SQLite, an in-memory broker. With it the same
code runs as separate web and worker processes. Nothing else decides between the two.
"""

from pathlib import Path

import environ

from config.places import DATABASE, default_var_dir, writable
from config.secrets import local_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(BASE_DIR / ".env")

VAR_DIR = Path(env.str("VAR_DIR", default="") or default_var_dir(BASE_DIR))
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or local_secret_key(VAR_DIR)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
    "csp",
    "simple_history",
    "ninja",
    "jobs",
    "labeling",
    "inference",
    "training",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.local_time.middleware",
    "config.local_formats.middleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "config.addresses.middleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": ["template_partials.templatetags.partials"],
        },
    }
]

# --- database ---------------------------------------------------------------------------------------

SQLITE_OPTIONS = {
    # IMMEDIATE takes the write lock at BEGIN: deferred transactions lost 46-61% of concurrent writes
    # to "database is locked", IMMEDIATE none (docs/adr/0001).
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    # Recursive, or INSERT OR REPLACE deletes a row past the triggers that freeze it (labeling/triggers.py).
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON;",
}
DB_POOL_SIZE = env.int("DB_POOL_SIZE", default=10)
# PostgreSQL plans a statement that came so often on a connection once and for all: an answer took it 5.5 ms,
# and takes 2.5. 0, behind a pooler that gives each transaction another connection: never.
DB_PREPARE_AFTER = env.int("DB_PREPARE_AFTER", default=3)

DATABASE_URL = env.str("DATABASE_URL", default="") or f"sqlite:///{writable(VAR_DIR) / DATABASE}"
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
elif DB_POOL_SIZE:
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 1, "max_size": DB_POOL_SIZE}}
    if DB_PREPARE_AFTER:
        DATABASES["default"]["OPTIONS"] |= {
            "server_side_binding": True,
            "prepare_threshold": DB_PREPARE_AFTER,
        }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- work ---------------------------------------------------------------------------------------------

REDIS_URL = env.str("REDIS_URL", default="")
IS_EMBEDDED = not REDIS_URL

CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = (
    # Hours: a task that outlives the timeout is delivered again while it still runs. The lease would
    # turn the second delivery away, but it is noise.
    {"visibility_timeout": 6 * 3600, "socket_timeout": 10, "socket_connect_timeout": 3, "max_retries": 1}
    if REDIS_URL
    else {"polling_interval": 0.1}
)
# How long a worker may be silent before its job is another's: after a crash, work stands still for so long.
JOB_LEASE_SECONDS = env.float("JOB_LEASE_SECONDS", default=60)

CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "collect"
CELERY_TASK_ROUTES = {
    "labeling.tasks.*": {"queue": "collect"},
    "jobs.tasks.*": {"queue": "collect"},
    "inference.tasks.queue_pending": {"queue": "collect"},  # rows only: any worker without a GPU will do
    "inference.tasks.predict_video": {"queue": "inference"},
    "training.tasks.export_batch": {"queue": "export"},
    "training.tasks.look_after_growth": {"queue": "collect"},  # rows only
    "training.tasks.train_batch": {"queue": "train"},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # nothing to remember: the rows know what is due
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "jobs.tasks.sweep", "schedule": JOB_LEASE_SECONDS / 4},
    "queue-predictions": {"task": "inference.tasks.queue_pending", "schedule": 15.0},
    "sweep-parts": {"task": "labeling.tasks.sweep_parts", "schedule": 3600.0},
    "look-after-growth": {"task": "training.tasks.look_after_growth", "schedule": 60.0},
    "forget-replies": {"task": "labeling.tasks.forget_replies", "schedule": 3600.0},
}

# --- files --------------------------------------------------------------------------------------------

MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default="") or VAR_DIR / "media")
# Not MEDIA_URL: Django's own view has no byte ranges, and a browser cannot seek without them.
FILES_URL = "/files/"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_MAX_AGE_SECONDS = 300

S3_BUCKET = env.str("S3_BUCKET", default="")
S3_ENDPOINT_URL = env.str("S3_ENDPOINT_URL", default="")
# How a browser reaches the bucket, where that differs: a presigned URL holds for one host alone.
S3_PUBLIC_URL = env.str("S3_PUBLIC_URL", default="") or S3_ENDPOINT_URL
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": MEDIA_ROOT},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if S3_BUCKET:
    S3_OPTIONS = {
        "bucket_name": S3_BUCKET,
        "endpoint_url": S3_ENDPOINT_URL or None,
        "access_key": env.str("S3_ACCESS_KEY", default="") or None,
        "secret_key": env.str("S3_SECRET_KEY", default="") or None,
        "region_name": env.str("S3_REGION", default="us-east-1"),
        "signature_version": "s3v4",  # boto3 presigns v2 for endpoints it does not know
        "addressing_style": "path",
        "file_overwrite": True,  # a name is a hash: the same name is the same bytes
    }
    STORAGES["default"] = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": S3_OPTIONS}
    STORAGES["public"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": S3_OPTIONS | {"endpoint_url": S3_PUBLIC_URL or None},
    }

# --- collecting from X ----------------------------------------------------------------------------------

X_PROXY = env.str("X_PROXY", default="")
X_CA_FILE = env.str("X_CA_FILE", default="")
X_COOKIES_FILE = env.str("X_COOKIES_FILE", default="")
X_RATE_LIMIT = env.str("X_RATE_LIMIT", default="")  # bytes per second per download, e.g. "2M"; empty = none
MAX_VARIANT_BYTES = env.int("MAX_VARIANT_BYTES", default=512 * 1024 * 1024)

# --- splits and suggestions -----------------------------------------------------------------------------

SPLIT_KEY = env.str("SPLIT_KEY", default="")  # empty: made at random once and kept in the database
SUGGESTION_FRAMESETS = env.int("SUGGESTION_FRAMESETS", default=8)
INFERENCE_DEVICE = env.str("INFERENCE_DEVICE", default="")  # empty: what the machine has

# --- the training box ------------------------------------------------------------------------------------

CAKELENS_TOKEN = env.str("CAKELENS_TOKEN", default="")  # of the site that batches are fetched from

# --- people and pages -----------------------------------------------------------------------------------

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
LANGUAGE_CODE = "en"  # of what no browser asked for; config/local_formats.py
FORMAT_MODULE_PATH = "config.formats"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", *([S3_PUBLIC_URL] if S3_PUBLIC_URL else [])],
        "media-src": ["'self'", *([S3_PUBLIC_URL] if S3_PUBLIC_URL else [])],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 24 * 1024 * 1024  # two thousand pasted lines, even of 10 kB each
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("SECURE_COOKIES", default=False)
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
)
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = env.list("SILENCED_SYSTEM_CHECKS", default=[])

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname:7} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # Celery announces each of its own moves at INFO; what we log ourselves says it better.
    "loggers": {"celery": {"level": "WARNING"}, "kombu": {"level": "WARNING"}},
}
