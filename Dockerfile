# The broker's image: one static binary, the CA certificates that it needs to trust a CF API, and the sample charts.
#
# It builds nothing itself and pulls no base image. `make image` fills dist/ first and then builds from it; by hand:
#
#   mkdir -p dist/charts
#   CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o dist/broker ./cmd/broker
#   cp /etc/ssl/certs/ca-certificates.crt dist/
#   cp -R charts/*/ dist/charts/
#   docker build -t cf-helm-broker .        (or podman, or buildah bud)
#
# Other charts: build an image FROM this one that replaces /charts, or mount a folder there.
FROM scratch

COPY dist/broker /broker
COPY dist/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY dist/charts /charts

# A number, since there is no /etc/passwd here and Kubernetes' runAsNonRoot checks numbers only.
USER 65532:65532

ENV HELM_CHART_DIR=/charts
EXPOSE 8080
ENTRYPOINT ["/broker"]
