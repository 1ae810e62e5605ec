# The two commands without an installation:
#   docker build -t guidednet .
#   docker run -it -v "$PWD/results:/guidednet/results" guidednet bash reproduce.sh
#   docker run -it guidednet bash reproduce.sh test
# JupyterLab:
#   docker run -it -p 8888:8888 guidednet bash reproduce.sh lab --ip=0.0.0.0 --no-browser --allow-root
FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*
WORKDIR /guidednet
COPY . .
RUN bash reproduce.sh setup
CMD ["bash", "reproduce.sh"]
