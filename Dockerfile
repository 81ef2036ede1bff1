# The kit as a command. No image has been built from this yet: hadolint reads it, and a test builds
# the kit from what it copies.
#
#   docker build --tag coda-conformance .
#   docker run --rm --network host --volume "$PWD:/work" --user "$(id -u):$(id -g)" \
#     coda-conformance run ws://127.0.0.1:8765/
#
# A server for --launch needs an image of its own that has both, since here is nothing but Python.
FROM python:3.13-slim-bookworm AS build
WORKDIR /kit
COPY pyproject.toml README.md LICENSE ./
COPY clients clients
COPY conformance conformance
COPY reference_server reference_server
COPY schemas schemas
COPY spec spec
RUN pip install --no-cache-dir --prefix=/installed .

FROM python:3.13-slim-bookworm
COPY --from=build /installed /usr/local
# The first command compiles the suite, which an ordinary user could not keep.
RUN useradd --uid 1000 coda && mkdir /work && chown coda /work && coda-conformance list >/dev/null
USER 1000
WORKDIR /work
ENTRYPOINT ["coda-conformance"]
CMD ["--help"]
