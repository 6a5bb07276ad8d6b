# Research use only. How to build and run it: docs/deploy.md.
# To be built of the same base every time, give it by digest: BASE=python:3.11-slim@sha256:...
ARG BASE=python:3.11-slim
FROM ${BASE}

# Where PyTorch has its own index of builds without CUDA, it is given here: 4 GB smaller, no GPU. Its
# files are others than the lock's, so then the versions are held, and not each file's hash.
ARG PIP_EXTRA_INDEX_URL=""

WORKDIR /app

# Only a change of what is required makes this layer anew.
COPY requirements.txt constraints.txt requirements.lock ./
RUN if [ -n "$PIP_EXTRA_INDEX_URL" ]; then pip install --no-cache-dir -r requirements.txt; \
    else pip install --no-cache-dir --require-hashes -r requirements.lock; fi

COPY .streamlit/config.toml .streamlit/config.toml
COPY weights/ weights/
COPY covid_core/ covid_core/
# The networks' graphs, exported here once: later nothing may be written beside the weights.
RUN python -c "from covid_core.predict.predictor import Predictor; from covid_core.predict.lungs import Lungs; \
    Predictor.load('weights'); Lungs.load()"
COPY streamlit_app.py desk.toml LICENSE NOTICE ./
COPY app/ app/

# Nobody in particular, with the number that Hugging Face Spaces runs as.
RUN useradd --uid 1000 --no-create-home --shell /usr/sbin/nologin reader
USER 1000

# Everything but /tmp may be read-only. A name that is not listed as a host gets no page: see
# docs/deploy.md to add one's own.
ENV HOME=/tmp \
    TMPDIR=/tmp \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STREAMLIT_SERVER_HEADLESS=true \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_PORT=8501 \
    STREAMLIT_SERVER_ALLOWED_HOSTS="localhost 127.0.0.1 *.hf.space"

EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["streamlit", "run", "streamlit_app.py"]
