# docker build -t augtool .
# docker run --rm -v "$PWD/data:/data:ro" -v "$PWD/out:/out" augtool expand /data /out
FROM python:3.12-slim AS build
COPY . /src
# The headless wheel needs no system libraries; it gives the same pixels.
RUN python -m venv /opt/augtool \
    && /opt/augtool/bin/pip install --no-cache-dir '/src[report,parquet]' \
    && sh /src/.ci/headless /opt/augtool/bin/python

FROM python:3.12-slim
COPY --from=build /opt/augtool /opt/augtool
ENV PATH=/opt/augtool/bin:$PATH
RUN useradd --create-home --uid 1000 augtool && install --directory --owner=augtool /out
# By number: Kubernetes can't tell that a name is not root.
USER 1000
WORKDIR /home/augtool
ENTRYPOINT ["augtool"]
CMD ["--help"]
