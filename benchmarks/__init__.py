"""Benchmarks: every engine on the same data in one run, each measurement in its own process.

python -m benchmarks                 everything (about 45 minutes)
python -m benchmarks --quick         small sizes, under a minute
python -m benchmarks --only put      the rows whose name begins so
python -m benchmarks --list          the names of the rows
python -m benchmarks --install-peers makes .venv-bench with the peers of requirements.txt
"""
