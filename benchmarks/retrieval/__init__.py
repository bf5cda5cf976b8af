"""How often the right documents are found: mv2 and its peers on sets of questions with known answers.

python -m benchmarks.retrieval --data DIR --eval DIR                 everything that is installed
python -m benchmarks.retrieval --data DIR --eval DIR --model FOLDER  and a model of sentence-transformers
python -m benchmarks.retrieval ... --set locomo-dev --system mv2     parts of it

DATA is a folder with one folder a set (``locomo*``, ``cranfield``, or one in BEIR's form), EVAL the harness
that reads the sets and judges rankings: ``retrieval.py`` or the folder it is in. Each system runs in a
process of its own, with the first interpreter that has its packages: this one, .venv-bench
(python -m benchmarks --install-peers), .venv-peer (make peer), and those named with --python. What is missing
is left out and said. Memories and vectors are made once and kept in the cache folder. Figures are means over
all questions, in percent; targets stand where one is set for the set.
"""
