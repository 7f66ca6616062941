# syntax=docker/dockerfile:1
# A static binary in an empty image, as a user that is not root. Nothing is written outside the state directory, so the root
# file system can be read-only:
#
#   docker build -t tidewatch --build-arg VERSION=$(git describe --tags --always) .
#   docker run --read-only --tmpfs /tmp --memory 1g -e GOMEMLIMIT=900MiB -p 9880:9880 \
#     -v tidewatch:/var/lib/tidewatch -v ./tidewatch.yml:/etc/tidewatch/tidewatch.yml:ro tidewatch
#
# There is no HEALTHCHECK, for which the image would need an HTTP client: ask /-/healthy and /-/ready from outside.

FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=unknown REVISION=unknown BRANCH=unknown BUILDDATE=unknown
ARG TARGETOS TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    GOOS=$TARGETOS GOARCH=$TARGETARCH make build \
      VERSION="$VERSION" REVISION="$REVISION" BRANCH="$BRANCH" BUILDDATE="$BUILDDATE"
# A new volume takes the owner of the folder that it is mounted on.
RUN mkdir -p /rootfs/etc/ssl/certs /rootfs/etc/tidewatch /rootfs/var/lib/tidewatch /rootfs/tmp \
    && cp /etc/ssl/certs/ca-certificates.crt /rootfs/etc/ssl/certs/ \
    && install -m 0755 bin/tidewatch /rootfs/tidewatch \
    && chmod 1777 /rootfs/tmp && chown 65532:65532 /rootfs/var/lib/tidewatch && chmod 0750 /rootfs/var/lib/tidewatch

FROM scratch
COPY --from=build /rootfs/ /
USER 65532:65532
EXPOSE 9880
VOLUME /var/lib/tidewatch
ENTRYPOINT ["/tidewatch"]
CMD ["serve", "--config.file=/etc/tidewatch/tidewatch.yml", "--storage.path=/var/lib/tidewatch"]
