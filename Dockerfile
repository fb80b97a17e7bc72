# The shim of actions/build-shim with `embed: none`, for people who build images with Buildx:
#
#   docker buildx build --platform linux/amd64,linux/arm64 \
#     --build-arg BUILD_ID=0.1.2 \
#     --build-arg CONTENT=ghcr.io/owner/site/content:0.1.2@sha256:… \
#     --tag ghcr.io/owner/site:0.1.2 --push .
#
# Every RUN is on the machine's own platform, so other platforms need no emulation. Nothing of the build context is
# used.
ARG SPIN_VERSION=4.0.2

FROM --platform=$BUILDPLATFORM docker.io/library/alpine:3.22 AS spin
ARG SPIN_VERSION
ARG TARGETARCH
WORKDIR /release
# Spin calls arm64 aarch64 in the names of its files. What the checksums file does not list is not unpacked.
RUN set -eu; \
    case "$TARGETARCH" in \
      amd64) cpu=amd64 ;; \
      arm64) cpu=aarch64 ;; \
      *) echo "Spin is not released for linux/$TARGETARCH, only for linux/amd64 and linux/arm64." >&2; exit 1 ;; \
    esac; \
    release="https://github.com/spinframework/spin/releases/download/v$SPIN_VERSION"; \
    archive="spin-v$SPIN_VERSION-static-linux-$cpu.tar.gz"; \
    wget -q -O checksums.txt "$release/checksums-v$SPIN_VERSION.txt"; \
    wget -q -O "$archive" "$release/$archive"; \
    grep -F "  $archive" checksums.txt > wanted.txt; \
    sha256sum -c wanted.txt; \
    tar -xzf "$archive" spin; \
    chmod 0755 spin

# The only layer that changes with every release.
FROM --platform=$BUILDPLATFORM docker.io/library/alpine:3.22 AS release
ARG BUILD_ID
ARG CONTENT
WORKDIR /release
RUN set -eu; \
    case "$BUILD_ID" in \
      "" | *[!A-Za-z0-9._-]*) echo "BUILD_ID must be the image's tag, but it is \"$BUILD_ID\"." >&2; exit 1 ;; \
    esac; \
    case "$CONTENT" in \
      *[!A-Za-z0-9._:/@-]*) wrong=1 ;; \
      *@sha256:*) wrong=0 ;; \
      *) wrong=1 ;; \
    esac; \
    if [ $wrong = 1 ]; then \
      echo "CONTENT must be a reference with digest, but it is \"$CONTENT\"." >&2; exit 1; \
    fi; \
    printf 'BUILD_ID=%s\nCONTENT=%s\n' "$BUILD_ID" "$CONTENT" > env.vars; \
    chmod 0644 env.vars

# With a shell, unlike the action's image: a Dockerfile cannot put the value of an argument into CMD, so something has
# to read /env.vars when the container starts. `exec` makes Spin process 1, which is the one that signals go to.
FROM gcr.io/distroless/static-debian12:debug-nonroot
COPY --from=spin /release/spin /usr/local/bin/spin
COPY --from=release /release/env.vars /env.vars
ENV HOME=/tmp \
    SPIN_HTTP_LISTEN_ADDR=0.0.0.0:3000 \
    XDG_CACHE_HOME=/tmp/.cache
USER 65532:65532
EXPOSE 3000/tcp
ENTRYPOINT ["/busybox/sh", "-c", ". /env.vars && exec /usr/local/bin/spin \"$@\" \"$CONTENT\"", "sh"]
CMD ["up", "--from-registry"]
