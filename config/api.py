"""The JSON API under /api/: each app's routers on one page, /api/docs."""

from importlib.metadata import version

from ninja import NinjaAPI
from ninja.openapi.docs import Swagger

from inference.api import router as inference
from labeling import api_errors
from labeling.api import router as labeling
from labeling.api_auth import AUTH
from labeling.api_posts import router as posts
from training.api import router as training

# With deep links each operation is a link inside a button, which a screen reader reads as neither.
DOCS = Swagger(settings={"deepLinking": False, "defaultModelsExpandDepth": 0})

api = NinjaAPI(
    title="CakeLens",
    version=version("cakelens"),
    description="Collect, label and fetch videos. `manage.py token USER` prints a bearer token.",
    urls_namespace="api",
    auth=AUTH,
    docs=DOCS,
)
api_errors.install(api)
for router in (labeling, posts, inference, training):
    api.add_router("", router)
