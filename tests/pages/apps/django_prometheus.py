import sys
import time

import django
import waitress
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import include, path

settings.configure(
    DEBUG=False,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django_prometheus"],
    MIDDLEWARE=[
        "django_prometheus.middleware.PrometheusBeforeMiddleware",
        "django_prometheus.middleware.PrometheusAfterMiddleware",
    ],
    LOGGING_CONFIG=None,
)
django.setup()


def ok(request):
    return HttpResponse("ok")


def fail(request):
    return HttpResponse(status=500)


def crash(request):
    raise RuntimeError("unhandled")


def slow(request):
    time.sleep(0.12)
    return HttpResponse("slow")


urlpatterns = [
    path("ok", ok),
    path("fail", fail),
    path("raise", crash),
    path("slow", slow),
    path("", include("django_prometheus.urls")),
]

if __name__ == "__main__":
    app = get_wsgi_application()
    waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=4, _quiet=True)
