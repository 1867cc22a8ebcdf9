# The page.
FROM node:24-trixie-slim AS app
WORKDIR /src/web/app
COPY web/app/package.json web/app/package-lock.json ./
RUN npm ci --no-fund --no-audit
COPY . /src
RUN npm run build

# The binary, with the page in it.
FROM golang:1.26-trixie AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=app /src/web/dist/app web/dist/app
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.release=$(sed -n 's/^## \[\([0-9][^]]*\)\].*/\1/p' CHANGELOG.md | head -n 1)" -o /haihe ./cmd/haihe

FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates tzdata && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/haihe --create-home haihe
COPY --from=build /haihe /usr/local/bin/haihe
USER haihe
WORKDIR /var/lib/haihe
VOLUME /var/lib/haihe
EXPOSE 8080
ENTRYPOINT ["haihe"]
CMD ["serve", "--listen", "0.0.0.0:8080", "--data", "/var/lib/haihe"]
