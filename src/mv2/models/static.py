"""Static models: a table with a vector for each token; a text's vector is the mean of its tokens'.

Read directly: the table is mapped from its safetensors file, the tokenizer is Hugging Face's
``tokenizers``. Folders in the manner of wordllama and of model2vec are understood.
"""

from __future__ import annotations

import glob
import json
import os
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from mv2._record import dataclass
from mv2.errors import InvalidArgumentError, MissingExtraError
from mv2.models._safetensors import Tensor, read_tensors
from mv2.models._word_tokens import WordTokens, only_within_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

#: After so many texts the whole table is turned into float32, which each addition then saves.
_WARM_AFTER: Final = 500
#: Tables larger than this (bytes as float32) are never turned whole.
_MAX_TABLE: Final = 512 << 20
#: model2vec looks at the first so many tokens of a text.
_MODEL2VEC_TOKENS: Final = 512


@dataclass(frozen=True, slots=True)
class StaticFiles:
    """The parts of a static model.

    Attributes:
        table: a vector for each token, shape (tokens, d).
        weights: factor of each token, shape (vocabulary,), or None.
        mapping: row of each token, shape (vocabulary,), where tokens share rows, or None.
        tokenizer: path of the tokenizer's JSON file.
        first_tokens: look at so many tokens of a text only; None: at all of them.
        skip_unknown: leave out what the tokenizer does not know.
        normalise: give vectors of length 1.
    """

    table: Tensor
    tokenizer: str
    weights: Tensor | None = None
    mapping: Tensor | None = None
    first_tokens: int | None = None
    skip_unknown: bool = False
    normalise: bool = True


class StaticEmbedder:
    """Embeds with a static model; loaded at the first text.

    A text without any token has the zero vector.
    """

    batch_size = 256
    #: Its vectors are means of words, and know little that the words themselves do not say.
    vector_weight = 0.15
    cache_bytes = 1 << 20  # computing most vectors anew is as quick as keeping them

    def __init__(self, files: StaticFiles, name: str) -> None:
        if find_spec("tokenizers") is None:
            raise MissingExtraError(
                f"{name} needs the package tokenizers", remedy="Install it: pip install 'mv2[embed]'"
            )
        self.name = name
        self.dimension: int = files.table.shape[1]
        self._files = files
        self._loading = threading.Lock()
        self._seen = 0
        self._tokenizer: Tokenizer | None = None
        self._table: NDArray[Any] | None = None
        self._weights: NDArray[np.float32] | None = None
        self._mapping: NDArray[Any] | None = None
        self._words: WordTokens | None = None
        self._unknown: int | None = None

    def embed(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        """Vectors of texts, float32 of shape (n, d)."""
        import numpy as np

        with self._loading:
            table = self._load(len(texts))
            tokens = self._tokens(texts)
        rows = np.zeros((len(texts), self.dimension), np.float32)
        counts = np.ones((len(texts), 1), np.float32)
        for place, found in enumerate(tokens):
            ids = self._chosen(found)
            if len(ids):
                np.add.reduce(self._vectors(table, ids), axis=0, out=rows[place])
                counts[place] = len(ids)
        rows /= counts
        if self._files.normalise:
            lengths = np.linalg.norm(rows, axis=1, keepdims=True)
            np.divide(rows, lengths, out=rows, where=lengths > 0)
        return rows

    def _tokens(self, texts: Sequence[str]) -> list[NDArray[np.int32]]:
        """The tokens of each text."""
        import numpy as np

        assert self._tokenizer is not None
        if self._words is not None:
            return self._words.ids(texts)
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [np.array(encoding.ids, np.int32) for encoding in encodings]

    def _chosen(self, ids: NDArray[np.int32]) -> NDArray[np.int32]:
        """The tokens that count."""
        if self._unknown is not None:
            ids = ids[ids != self._unknown]
        return ids if self._files.first_tokens is None else ids[: self._files.first_tokens]

    def _vectors(self, table: NDArray[Any], ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """The tokens' vectors, float32 of shape (tokens, d); what lies beyond the table is its last row."""
        import numpy as np

        places: Any = ids if self._mapping is None else self._mapping.take(ids, mode="clip")
        found: NDArray[np.float32] = table.take(places, axis=0, mode="clip").astype(np.float32, copy=False)
        return found if self._weights is None else found * self._weights.take(ids, mode="clip")[:, None]

    def _load(self, count: int) -> NDArray[Any]:
        """The table; once many texts came it is float32, and the tokens of words are remembered."""
        import numpy as np

        if self._tokenizer is None or self._table is None:
            files = self._files
            self._tokenizer = _read_tokenizer(files.tokenizer)
            if files.skip_unknown:
                self._unknown = _unknown_token(self._tokenizer)
            self._weights = None if files.weights is None else files.weights.map().astype(np.float32)
            self._mapping = None if files.mapping is None else files.mapping.map()
            self._table = files.table.map()
        cold = self._seen < _WARM_AFTER
        self._seen += count
        if cold and self._seen >= _WARM_AFTER:
            if self._table.size * 4 <= _MAX_TABLE:
                self._table = self._table.astype(np.float32)
            if only_within_words(self._tokenizer):
                self._words = WordTokens(self._tokenizer)
        return self._table


def _read_tokenizer(path: str) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(path)
    except Exception as error:
        raise InvalidArgumentError(f"{path} is no tokenizer file: {error}") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _unknown_token(tokenizer: Tokenizer) -> int | None:
    """The id of the token that stands for what is unknown, None when there is none."""
    model = json.loads(tokenizer.to_str())["model"]
    name = model.get("unk_token")
    if name is not None:
        return tokenizer.token_to_id(name)
    found = model.get("unk_id")
    return found if isinstance(found, int) else None


def find_static_files(folder: str) -> StaticFiles | None:
    """The parts of the static model in a folder, None when it holds another kind of model.

    Raises:
        InvalidArgumentError: its tensor file is damaged.
    """
    tokenizer = _first(folder, ("tokenizer.json", "tokenizers/*.json", "*tokenizer*.json"), _is_tokenizer)
    for place in ("*.safetensors", "weights/*.safetensors", "0_StaticEmbedding/*.safetensors"):
        for path in sorted(glob.glob(os.path.join(glob.escape(folder), place))):
            tensors = read_tensors(path)
            beside = _first(os.path.dirname(path), ("tokenizer.json",), _is_tokenizer)
            parts = _static_parts(tensors, folder, beside or tokenizer)
            if parts is not None:
                return parts
    return None


def _static_parts(tensors: dict[str, Tensor], folder: str, tokenizer: str | None) -> StaticFiles | None:
    tables = [tensor for tensor in tensors.values() if len(tensor.shape) == 2]
    others = set(tensors) - {"weights", "mapping"}
    if len(tables) != 1 or len(others) != 1 or tokenizer is None or 0 in tables[0].shape:
        return None
    if "embeddings" not in tensors:
        return StaticFiles(tables[0], tokenizer)
    return StaticFiles(
        tables[0],
        tokenizer,
        weights=tensors.get("weights"),
        mapping=tensors.get("mapping"),
        first_tokens=_MODEL2VEC_TOKENS,
        skip_unknown=True,
        normalise=_read_json(os.path.join(folder, "config.json")).get("normalize", True) is not False,
    )


def _first(folder: str, patterns: Sequence[str], good: Any) -> str | None:
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(glob.escape(folder), pattern))):
            if good(path):
                return path
    return None


def _is_tokenizer(path: str) -> bool:
    """Whether a file holds a tokenizer, by its start: reading it whole is for later."""
    with open(path, "rb") as file:
        start = file.read(4096)
    return b'"version"' in start and (b'"added_tokens"' in start or b'"truncation"' in start)


def _read_json(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def static_folder(folder: str, name: str | None = None) -> StaticEmbedder | None:
    """The static model in a folder, None when it holds another kind of model.

    Args:
        name: the model's name; None takes the folder's.
    """
    files = find_static_files(folder)
    if files is None:
        return None
    return StaticEmbedder(files, name or folder_name(folder))


def folder_name(folder: str) -> str:
    """A model's name by its folder: the last part that says something, or the name in a hub's cache."""
    parts = os.path.abspath(folder).split(os.sep)
    for part in reversed(parts):
        if part.startswith("models--"):
            return part.removeprefix("models--").replace("--", "/")
    return parts[-2] if parts[-1] in {"model", "models"} and parts[-2] else parts[-1]


def bundled_embedder() -> StaticEmbedder | None:
    """The model inside the package ``wordllama``, None when the extra ``embed`` is not installed.

    The package itself is never imported: it loads much, and looks for its own files in the wrong place.
    """
    if find_spec("tokenizers") is None:
        return None
    spec = find_spec("wordllama")
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        files = find_static_files(folder)
        if files is not None:
            stem = os.path.basename(files.table.path).split("_")[0]
            return StaticEmbedder(files, f"wordllama-{stem}-{files.table.shape[1]}")
    return None
