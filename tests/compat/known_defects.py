"""What the original gets wrong, so that a test can say which defect it steps around.

One reason each, in one place; tests put them into assertion messages. None of
these is a licence for our engine: it has to be right on the same files.
"""

from __future__ import annotations

from typing import Final

TEXT_NOT_KEPT: Final = (
    "the original keeps no bytes of short text: only normalised text with title, uri and labels glued on"
)
PUT_INDEXED_UNDER_LOG_SEQUENCE: Final = (
    "the original indexes the text of a put a second time under its log sequence instead of its frame id, "
    "so hits name other frames or repeat"
)
PUT_MANY_RETURNS_LOG_SEQUENCES: Final = "the original's put_many returns log sequences, not frame ids"
PUT_MANY_DROPS_TIMESTAMPS: Final = "the original's put_many ignores the timestamps of its documents"
SKETCHES_HIDE_FRAMES: Final = (
    "the original's sketch filter drops every frame that does not pass as soon as one frame does, "
    "so frames it did not write disappear from its text search after it has appended some"
)
STEM_VARIANTS_LOST: Final = (
    "the original re-checks hits by plain substring, so words found by stem are dropped"
)
NOTHING_FOUND_RAISES: Final = (
    "the original raises 'lexical index is not enabled' when every candidate fails its re-check"
)
DELETE_LOSES_VECTORS: Final = (
    "the original loses all vectors on a delete, unless a vector search came before it in the session"
)
REPLAY_LOSES_VECTORS: Final = (
    "the original, opening a file with pending log records for writing, loses all vectors "
    "except those of the records"
)
PENDING_NOT_SHOWN: Final = "the original does not show pending log records through a read-only handle"
PENDING_FAILS_VERIFY: Final = "the original's verify fails for every file with pending log records"
NO_LOCK_AFTER_COMMIT: Final = "the original's lock stays on the inode that its first commit replaced"
CHUNKS_OUTLIVE_PARENT: Final = "the original's delete of a chunked document leaves its chunks active"
EMPTY_VECTOR_MANIFEST: Final = "the original's doctor calls its own empty vector manifest corrupt"
EMPTY_VECTOR_MANIFEST_FINDING: Final = frozenset({"vec_index_corrupt"})
REBUILD_NEEDS_MIME_OR_SEARCH_TEXT: Final = (
    "the original's index rebuild (delete, replay, doctor) forgets frames that have neither a search text "
    "nor a textual media type"
)
REPLAY_NEEDS_SEARCH_TEXT: Final = (
    "the original destroys a file whose pending insert has a payload but neither a search text (an empty one "
    "will do) nor a media type that is no text: it writes over the contents, then fails"
)
REPLAY_OVERWRITES_SKETCHES: Final = (
    "the original, replaying records without payload, rebuilds from the end of the last payload on and "
    "overwrites a sketch track that stands there; from then on it refuses the file in every mode"
)
