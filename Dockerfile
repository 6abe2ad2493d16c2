# syntax=docker/dockerfile:1

# Two images: `web` (pages, collecting, export; no torch) and `gpu` (suggestions, training).
FROM python:3.11-slim-bookworm AS base
WORKDIR /app
ENV PYTHONUNBUFFERED=1 VAR_DIR=/var/lib/cakelens
RUN useradd --system --uid 10001 cakelens && install -d -o cakelens -g cakelens /var/lib/cakelens
COPY pyproject.toml requirements.lock ./
# uv's own pin and hashes are cut from the lock, as in the Makefile.
RUN sed -n '/^uv==/,/[^\\]$/p' requirements.lock > uv.txt \
    && pip install --no-cache-dir --require-hashes -r uv.txt && rm uv.txt

FROM base AS web
RUN uv pip install --system --no-cache -r pyproject.toml --group web --group prod -c requirements.lock
COPY . .
USER cakelens
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", \
     "--threads", "8", "--no-control-socket", "--access-logfile", "-"]

FROM base AS gpu
RUN uv pip install --system --no-cache -r pyproject.toml --extra torch --group web --group ml --group prod \
    -c requirements.lock
COPY . .
# CUDA comes in torch's wheels and FFmpeg in av's: the loader must be told of the latter before Python starts.
RUN python config/ffmpeg.py
ENV LD_LIBRARY_PATH=/usr/local/lib/ffmpeg
USER cakelens
CMD ["celery", "-A", "config", "worker", "-Q", "inference", "--pool", "solo", "--loglevel", "INFO"]
