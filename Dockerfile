# make image, or: docker build -t nbkeys:latest .
# BASE is any Debian 12; deploy/image/base.sh makes one where none can be pulled.
ARG BASE=debian:bookworm
FROM ${BASE} AS build

RUN apt-get update && apt-get install -y --no-install-recommends \
        ca-certificates cmake g++ ninja-build \
        libcli11-dev libcpprest-dev libspdlog-dev libssl-dev libyaml-cpp-dev \
        nlohmann-json3-dev prometheus-cpp-dev \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /nbkeys
COPY CMakeLists.txt CMakePresets.json ./
COPY crds ./crds
COPY src ./src
RUN cmake --preset release -DNBKEYS_TESTS=OFF \
    && cmake --build --preset release --target nbkeys \
    && cmake --install build/release --prefix /usr/local --strip
COPY deploy/image/closure.sh ./
# Ends with a start of the program in what it has gathered, so a missing library fails the build and
# not the cluster.
RUN ./closure.sh /usr/local/bin/nbkeys /image

FROM scratch
COPY --from=build /image /

LABEL org.opencontainers.image.title="nbkeys" \
      org.opencontainers.image.description="A Kubernetes operator for NetBird setup keys" \
      org.opencontainers.image.licenses="Apache-2.0"

ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
# One event makes and frees some hundred small blocks. glibc keeps 7 of each size at hand and looks
# for the others in a heap that grows with the number of SetupKeys.
ENV GLIBC_TUNABLES=glibc.malloc.tcache_count=64
# A number and not a name: the kubelet can check runAsNonRoot only against a number.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/nbkeys"]
CMD ["run"]
