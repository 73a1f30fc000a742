# The broker's image: one static binary and the sample charts. The CA certificates that it needs to trust a CF API are in the
# binary; those of a file in /etc/ssl/certs count instead where an image adds one.
#
# It builds nothing itself and pulls no base image. `make image` fills dist/ first and then builds from it; by hand:
#
#   make dist                               on any host with Go
#   docker build -t cf-helm-broker .        (or podman, or buildah bud; --platform linux/arm64 takes the other binary)
#
# Other charts: build an image FROM this one that replaces /charts, or mount a folder there.
FROM scratch

# Set by what builds the image (BuildKit, podman, buildah); a value here would be taken instead.
ARG TARGETARCH
COPY dist/linux-${TARGETARCH}/broker /broker
COPY dist/linux-${TARGETARCH}/charts /charts

# A number, since there is no /etc/passwd here and Kubernetes' runAsNonRoot checks numbers only.
USER 65532:65532

ENV HELM_CHART_DIR=/charts
EXPOSE 8080
ENTRYPOINT ["/broker"]
