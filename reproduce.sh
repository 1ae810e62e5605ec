#!/usr/bin/env bash
# Reproduces the paper: sets up the environment if needed, then runs the given command.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
lock="$root/requirements.lock"
# Also for an environment of the user's own, which is used as it is, and for notebook kernels.
export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
export PYTHONUNBUFFERED=1
# Threads wait without spinning: otherwise, a step takes several times as long on a shared machine.
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"

usage() {
    cat <<'TEXT'
usage: bash reproduce.sh [COMMAND] [OPTIONS]

commands
  (none)          set up, prepare the data, train, and make notebooks, tables, figures and
                  results/<profile>/index.html
  setup           set up the environment and stop
  test [--unit | --slow]
                  run the style check and the tests; --unit leaves out those that start whole
                  programs, --slow adds those that take minutes
  plan            list the runs, which of them exist, and what the rest will cost; with
                  --assume-gpu 24GB or 24GB,40TFLOPS, on a GPU that is not here
  bench [NAMES]   run benchmarks and write them to figures/benchmarks: cgmm, windows, loader, ...
                  (default: all); --quick tries them out
  docs            write API pages from the docstrings to results/api (or $RESULTS_DIR/api)
  audit           list known vulnerabilities of the packages in requirements.lock (needs the
                  network), and their licences
  lab [OPTIONS]   open JupyterLab at the first notebook, for this machine only; its own options,
                  such as --port=8890 or --ip=ADDRESS, may follow

options (without a command, and for plan)
  --profile NAME  smoke, quick (default), evening, study, reference or paper
  --only NAMES    comma-separated tables, figures and notebooks to make, such as table3
  --methods NAMES comma-separated methods to train, such as cps,guidednet; tables show the others
                  as "not run"; my_loss.py:MyLoss is a class of your own
  --set FIELD=VALUE
                  change a setting of every run, such as optimiser.learning_rate=0.03 (may be
                  repeated; "guidednet config --method guidednet" lists the fields)
  --config FILE   change settings to those of a JSON file, such as a run's record.json
  --fail-fast     stop at the first training that fails; without it the others go on
  --seeds N       seeds per row
  --gpus N        GPUs to use: 0 (default), 1, 2, ...; all share each training, or with --jobs N
                  each run has its own
  --processes N   processes that share each training on the CPU (default: 1)
  --steps N       steps of every training, to rehearse a long one
  --accumulate N  take the rows of a batch in N parts, for GPUs with little memory
  --tensorboard   also write the curves as event files for TensorBoard
  --on-exit CMD   run this command at the end; {status} in it becomes the exit status
  --cluster NAME  train each run in its own task through submitit: slurm, or local
  --cluster-option NAME=VALUE
                  option for submitit, such as slurm_partition=gpu or timeout_min=1440 (may be
                  repeated)
  --no-training   make tables and figures from finished runs only
  --jobs N        trainings and notebooks at a time (default: as many as cores and memory allow,
                  at most 4; 1 on a GPU)
  --data-root DIR folder of the real data sets (default: $DATA_DIR or data)
  --results DIR   folder to write to (default: $RESULTS_DIR or results)
TEXT
}

satisfies_lock() { # satisfies_lock PYTHON: prints nothing
    "$1" -m tools.environment "$lock" >/dev/null 2>&1
}

find_python() { # the first Python in this list that is 3.11 or newer
    local name
    for name in python3.11 python3.12 python3.13 python3.14 python3 python; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    echo "reproduce.sh: Python 3.11 or newer is needed; install it from python.org or with your" \
        "system's package manager, then run this again" >&2
    exit 2
}

set_up_with_conda() { # set_up_with_conda CONDA: sets $python
    local prefix="$root/.conda" action=create
    if [ -x "$prefix/bin/python" ]; then
        action=update
    fi
    echo "setting up the conda environment $prefix ..." >&2
    # Older versions ask no questions and do not know -y.
    "$1" env "$action" -y -p "$prefix" -f "$root/environment.yml" >&2 ||
        "$1" env "$action" -p "$prefix" -f "$root/environment.yml" >&2
    python="$prefix/bin/python"
}

set_up_with_pip() { # sets $python
    python="$root/.venv/bin/python"
    if ! "$python" -m pip --version >/dev/null 2>&1; then
        local base
        base="$(find_python)"
        echo "setting up $root/.venv with $base ..." >&2
        "$base" -m venv --clear "$root/.venv"
    fi
    local packages
    packages="$(grep -c '==' "$lock")"
    echo "installing the $packages packages of requirements.lock (about 1.5 GB, once) ..." >&2
    # Errors are shown; a package index that needs a second try is none.
    "$python" -m pip install -qq --disable-pip-version-check -r "$lock" >&2
}

set_up() { # sets $python: the active environment, else an existing one, else a new one
    local candidate manager
    for candidate in python3 python "$root/.venv/bin/python" "$root/.conda/bin/python"; do
        if command -v "$candidate" >/dev/null && satisfies_lock "$candidate"; then
            python="$(command -v "$candidate")"
            return
        fi
    done
    manager="$(command -v mamba || command -v micromamba || command -v conda || true)"
    if [ -n "$manager" ]; then
        set_up_with_conda "$manager"
    else
        set_up_with_pip
    fi
    "$python" -m tools.environment "$lock" >&2
    # Install the command `guidednet`; reproduce.sh itself does not need it.
    "$python" -m pip install -qq --disable-pip-version-check --no-deps --editable "$root" >&2
}

run_tests() {
    cd "$root"
    "$python" -m ruff check .
    case "${1:-}" in
        "") run_halves ;;
        --slow) "$python" -m pytest -m "" "${@:2}" ;;
        --unit) "$python" -m pytest tests/unit "${@:2}" ;;
        *) "$python" -m pytest -m "not slow" "$@" ;;
    esac
}

run_halves() { # the tests of whole programs take half of the time: they run beside the others
    local log whole status=0
    log="$(mktemp)"
    "$python" -m pytest -m "not slow" tests/whole >"$log" 2>&1 &
    whole=$!
    # shellcheck disable=SC2064  # both are known now, and no longer when the trap runs
    trap "kill $whole 2>/dev/null || true; rm -f '$log'" EXIT
    "$python" -m pytest -m "not slow" --ignore tests/whole || status=$?
    echo "tests of whole programs:"
    wait "$whole" || status=$?
    cat "$log"
    return "$status"
}

run_benchmarks() { # installs the packages that they compare with, in addition to the lock
    cd "$root"
    if ! "$python" -c 'import sys
from importlib.util import find_spec
sys.exit(not (find_spec("monai") and find_spec("h5py")))'; then
        echo "installing monai and h5py, which the benchmarks compare with ..." >&2
        "$python" -m pip install --quiet --disable-pip-version-check --constraint "$lock" \
            monai h5py >/dev/null 2>&1 ||
            echo "reproduce.sh: monai and h5py could not be installed; to see why, run" \
                "'$python -m pip install -c requirements.lock monai h5py'" >&2
    fi
    exec "$python" -m benchmarks "$@"
}

write_api_pages() { # installs pdoc, in addition to the lock
    local results="${RESULTS_DIR:-$root/results}"
    if ! "$python" -c 'import sys
from importlib.util import find_spec
sys.exit(not find_spec("pdoc"))'; then
        echo "installing pdoc ..." >&2
        # If this fails, tools.api names the command that says why.
        "$python" -m pip install --quiet --disable-pip-version-check --constraint "$lock" \
            'pdoc>=15' >/dev/null 2>&1 || true
    fi
    exec "$python" -m tools.api "$results/api"
}

run_audit() { # exits with status 1 if a vulnerability is known, 2 if the audit failed
    cd "$root"
    if ! "$python" -c 'import sys
from importlib.util import find_spec
sys.exit(not find_spec("pip_audit"))'; then
        echo "installing pip-audit ..." >&2
        # If this fails, the audit itself says so.
        "$python" -m pip install --quiet --disable-pip-version-check --constraint "$lock" \
            pip-audit >/dev/null 2>&1 || true
    fi
    exec "$python" -m tools.audit requirements.lock
}

open_lab() { # for this machine only, despite the user's Jupyter configuration; options override
    cd "$root"
    export JUPYTER_CONFIG_PATH="$root/tools/jupyter${JUPYTER_CONFIG_PATH:+:$JUPYTER_CONFIG_PATH}"
    # The repository is the root, so that executed notebooks and figures are in reach.
    exec "$python" -m jupyterlab --notebook-dir="$root" \
        --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb "$@"
}

command="run"
case "${1:-}" in
    setup | test | plan | bench | docs | lab | audit) command="$1"; shift ;;
    -h | --help) usage; exit 0 ;;
    "" | --*) ;;
    *) echo "reproduce.sh: unknown command '$1'; see bash reproduce.sh --help" >&2; exit 2 ;;
esac

set_up
case "$command" in
    setup) echo "environment: $python" ;;
    test) run_tests "$@" ;;
    plan) exec "$python" -m guidednet plan "$@" ;;
    bench) run_benchmarks "$@" ;;
    docs) write_api_pages ;;
    lab) open_lab "$@" ;;
    audit) run_audit ;;
    run) exec "$python" -m guidednet reproduce "$@" ;;
esac
