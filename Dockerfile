# Checked by hadolint in `make check`; never built where it was written, for want of an engine there. docs/install.md says what was tried instead.
# Pin the base by digest where you build: docker buildx imagetools inspect python:3.13-slim-bookworm
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/jiaoying
COPY requirements.lock .
RUN /opt/jiaoying/bin/pip install --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY config config
COPY data data
COPY migrations migrations
RUN /opt/jiaoying/bin/pip install --no-deps --no-build-isolation . \
    && /opt/jiaoying/bin/pip uninstall --yes hatchling pathspec pluggy tomlkit trove-classifiers

FROM ${BASE}
RUN useradd --system --uid 10001 --home-dir /var/lib/jiaoying --create-home jiaoying
COPY --from=build /opt/jiaoying /opt/jiaoying
ENV PATH=/opt/jiaoying/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /var/lib/jiaoying
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["jiaoying", "serve", "--host", "0.0.0.0", "--port", "8000"]
