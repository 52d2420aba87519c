# docker build -t nbkeys:latest .
FROM debian:bookworm AS build

RUN apt-get update && apt-get install -y --no-install-recommends \
        cmake g++ ninja-build \
        libcli11-dev libcpprest-dev libspdlog-dev libssl-dev libyaml-cpp-dev \
        nlohmann-json3-dev prometheus-cpp-dev \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /nbkeys
COPY CMakeLists.txt CMakePresets.json ./
COPY src ./src
COPY crds ./crds
RUN cmake --preset release -DNBKEYS_TESTS=OFF \
    && cmake --build --preset release --target nbkeys \
    && cmake --install build/release --prefix /out --strip

FROM debian:bookworm-slim

RUN apt-get update && apt-get install -y --no-install-recommends \
        ca-certificates \
        libcpprest2.10 libprometheus-cpp-core1.0 libspdlog1.10 libssl3 libyaml-cpp0.7 \
    && rm -rf /var/lib/apt/lists/*

COPY --from=build /out/bin/nbkeys /usr/local/bin/nbkeys
# Fails here, and not in the cluster, when the list of libraries above has fallen behind.
RUN /usr/local/bin/nbkeys --help > /dev/null

# A number and not a name: the kubelet can check runAsNonRoot only against a number.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/nbkeys"]
CMD ["run"]
