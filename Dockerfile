# The image of Osler: `docker build -t osler .`, then see docs/how-to/deploy.md.
#
# Two stages. The first builds the wheel from this tree and installs it with the versions and hashes of
# requirements.lock; the second has Python and that installation, and no build tool. It runs as user 10001, writes to
# /data alone and works with a read-only root. It holds no secret: those come as files under /run/secrets.
#
# The base is named by its tag. For a build that can be repeated, pin it:
#   docker build --build-arg BASE=python:3.13-slim@sha256:… -t osler .
ARG BASE=python:3.13-slim

# hadolint ignore=DL3006
FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
RUN python -m venv /build && python -m venv --without-pip /opt/osler
COPY requirements-build.lock requirements.lock ./
RUN /build/bin/pip install --require-hashes --requirement requirements-build.lock \
 && /build/bin/pip --python /opt/osler/bin/python install --require-hashes --only-binary :all: \
      --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /build/bin/pip wheel --no-build-isolation --no-deps --wheel-dir /wheels . \
 && /build/bin/pip --python /opt/osler/bin/python install --no-index --no-deps /wheels/osler-*.whl \
 && /opt/osler/bin/python -m compileall -q /opt/osler/lib

# hadolint ignore=DL3006
FROM ${BASE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Osler" \
      org.opencontainers.image.description="Runs language models on clinical work: policy, de-identification, cited evidence, checks, audit." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN groupadd --gid 10001 osler \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin osler \
 && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /opt/osler /opt/osler
COPY deploy/container/osler.toml /etc/osler/osler.toml
COPY LICENSE requirements.lock /usr/share/doc/osler/
ENV PATH=/opt/osler/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OSLER_CONFIG=/etc/osler/osler.toml \
    OSLER_WORKSPACE=/data
WORKDIR /data
USER 10001:10001
VOLUME ["/data"]
EXPOSE 8080
# Ready: the database answers and the audit log can be read.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
# SIGTERM drains: requests in flight get server.drain_s seconds.
STOPSIGNAL SIGTERM
ENTRYPOINT ["osler"]
CMD ["serve"]
