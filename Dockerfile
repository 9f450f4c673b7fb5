# The whole platform is one binary; the dashboard is inside it.
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo xtask build

FROM debian:12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data portcullis \
    && install --directory --owner=portcullis --mode=0700 /data
COPY --from=build /source/target/release/portcullis /usr/local/bin/portcullis
# Large pages for what is large: docs/operating.md, "Memory in large pages".
ENV GLIBC_TUNABLES=glibc.malloc.hugetlb=1
USER portcullis
VOLUME /data
EXPOSE 8080 1935
ENTRYPOINT ["portcullis"]
CMD ["up", "--data", "/data", "--http", "0.0.0.0:8080", "--rtmp", "0.0.0.0:1935"]
