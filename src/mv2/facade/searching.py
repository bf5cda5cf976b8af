"""Searches and questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mv2.facade.handle import check_choice, check_kind, check_number
from mv2.facade.reading import Reading
from mv2.ingest.vectors import vector_bytes
from mv2.types import (
    Answer,
    Commit,
    DuplicateGroup,
    FrameRef,
    Prompt,
    Ranking,
    SearchMode,
    SearchResult,
    Timestamp,
    Vector,
)

if TYPE_CHECKING:
    import datetime as dt

    from mv2.search.memory import MemorySearch


class Searching(Reading):
    """Finding and asking."""

    def find(
        self,
        query: str = "",
        *,
        k: int = 10,
        mode: SearchMode = "auto",
        vector: Vector | None = None,
        embedding_model: str | None = None,
        filter: Mapping[str, Any] | None = None,
        scope: str | None = None,
        since: Timestamp | None = None,
        until: Timestamp | None = None,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
        ranking: Ranking | None = None,
        cursor: str | None = None,
        snippet_chars: int = 240,
        context: int = 0,
        fragments: int = 1,
        passages: bool = False,
        tz: str | dt.tzinfo | None = None,
        explain: bool = False,
    ) -> SearchResult:
        """Search. A question in plain words needs no syntax; see docs/cli.md for the query language.

        Args:
            query: what to look for; may be empty with a vector, or with a filter, which then
                lists what passes it, newest first.
            k: hits on a page.
            mode: ``"lex"`` searches words, ``"vec"`` vectors, ``"hybrid"`` both; ``"auto"`` takes both
                where the memory has vectors and the query's can be made, and the result says what ran.
            vector: the query's vector, shape (d,), instead of one made from its words.
            embedding_model: the model that made ``vector``; refused if the memory has vectors of another.
            filter: conditions on metadata and fields, such as ``{"lang": "en", "year": {"$gte": 2020}}``.
            scope: beginning of the uri, case-sensitive.
            since: inclusive. until: exclusive. A time, or a phrase such as ``"two weeks ago"``,
                which means the start of what it names.
            as_of, as_of_frame, as_of_commit: search the memory as it was then.
            ranking: how hits are ordered and cut off.
            cursor: ``next_cursor`` of the page before.
            snippet_chars: length of a snippet, at most; 0 for none.
            context: frames on each side of a hit in its track to return with it.
            fragments: passages of each hit, in ``Hit.fragments``, each of at most ``snippet_chars``.
            passages: every matching chunk of a long document is a hit, not its best one only.
            tz: the time zone of dates in words, such as ``"Europe/Paris"``; None means the system's.
            explain: fill ``Hit.scores``, ``Hit.matched`` and ``Hit.rules``.

        Raises:
            QueryError: the query is empty or clearly malformed; its position is named.
            FilterError: the filter is malformed; the place in it is named.
            CursorError: the cursor belongs to another query.
            VecIndexDisabledError: vectors are asked for, and the memory has none.
            EmbeddingFailedError, ModelMismatchError, VecDimensionMismatchError: the query's vector
                cannot be made, or does not fit the memory's.
        """
        check_choice("mode", mode, ("auto", "lex", "vec", "hybrid"))
        check_kind("query", query, str)
        check_kind("scope", scope, str | None)
        check_kind("ranking", ranking, Ranking | None)
        check_number("k", k, whole=True)
        check_number("snippet_chars", snippet_chars, whole=True)
        check_number("context", context, whole=True)
        check_number("fragments", fragments, whole=True)
        from mv2.search.memory import Request
        from mv2.search.selection import selected

        view = self._view_at(as_of, as_of_frame, as_of_commit)
        allowed, mark = selected(view, filter=filter, scope=scope, since=since, until=until, tz=tz)
        request = Request(
            query=query,
            k=k,
            mode=mode,
            vector=None if vector is None else vector_bytes(vector, "vector"),
            vector_model=embedding_model,
            slot=self._embedder,
            allowed=allowed,
            ranking=ranking,
            cursor=cursor,
            snippet_chars=snippet_chars,
            context=context,
            fragments=fragments,
            passages=passages,
            tz=tz,
            explain=explain,
            fingerprint=f"{mark} {as_of} {as_of_frame} {as_of_commit} {passages} {tz} {ranking or ''}",
        )
        return self._searching().find(view, request)

    def similar(
        self,
        frame: FrameRef,
        *,
        k: int = 10,
        filter: Mapping[str, Any] | None = None,
        scope: str | None = None,
        since: Timestamp | None = None,
        until: Timestamp | None = None,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
        versions: bool = False,
        snippet_chars: int = 240,
    ) -> SearchResult:
        """Documents like this one: by its vector where it has one, else by its most telling words.

        Args:
            frame: id or uri.
            k: hits.
            filter, scope, since, until, as_of, as_of_frame, as_of_commit: as in ``find``.
            versions: whether other documents with the same uri may be hits.

        Raises:
            FrameNotFoundError: nothing has that id or uri.
        """
        check_number("k", k, whole=True)
        check_number("snippet_chars", snippet_chars, whole=True)
        from mv2.search.selection import selected

        view = self._view_at(as_of, as_of_frame, as_of_commit)
        allowed, _ = selected(view, filter=filter, scope=scope, since=since, until=until)
        return self._searching().similar(
            view, view.resolve(frame), k=k, allowed=allowed, snippet_chars=snippet_chars, versions=versions
        )

    def duplicates(self, *, threshold: float = 0.9) -> tuple[DuplicateGroup, ...]:
        """Groups of active documents that are the same or nearly, the most alike first.

        Args:
            threshold: share of three-word shingles that two documents must have in common, 0.1 to 1.

        Raises:
            InvalidArgumentError: another threshold.
        """
        from mv2.search.duplicates import duplicate_groups

        return duplicate_groups(self._store.view(), threshold)

    def _searching(self) -> MemorySearch:
        """What this handle keeps between searches, made at the first."""
        if self._search is None:
            from mv2.search.memory import MemorySearch

            self._search = MemorySearch()
        return self._search

    def ask(
        self,
        question: str,
        *,
        k: int = 8,
        mode: SearchMode = "auto",
        model: Any = None,
        context_only: bool = False,
        filter: Mapping[str, Any] | None = None,
        scope: str | None = None,
        since: Timestamp | None = None,
        until: Timestamp | None = None,
        as_of: Timestamp | None = None,
        as_of_frame: int | None = None,
        as_of_commit: int | Commit | None = None,
        ranking: Ranking | None = None,
        tz: str | dt.tzinfo | None = None,
        token_budget: int = 2000,
        min_confidence: float | None = None,
        prompt: Prompt | None = None,
        on_token: Callable[[str], object] | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        temperature: float | None = None,
        max_tokens: int | None = None,
        timeout: float | None = None,
        retries: int | None = None,
    ) -> Answer:
        """Answer a question from this memory, with the passages the answer rests on.

        Without a model the answer is made of the memory's own sentences, and says so plainly
        when the memory does not support one.

        Args:
            k: hits that are wanted; lists, counts and comparisons look at more.
            model: ``"provider:model"`` (openai, ollama, anthropic, gemini, groq, mistral, nvidia,
                openrouter, xai), the name of a model at ``base_url``, an object with
                ``complete(messages)``, or a callable that takes the messages and returns text.
            context_only: choose passages, but give no answer.
            filter, scope, since, until, as_of, as_of_frame, as_of_commit, ranking, tz: as in ``find``.
            token_budget: tokens of all passages together, four characters counted as one.
            min_confidence: below it nothing counts as found, and no model is asked; None takes
                0.35 without a model and 0 with one.
            prompt: what the model is told, instead of the usual.
            on_token: called with each piece of the model's text as it comes, before it is checked.
            base_url, api_key: where the model is; the key may come from the environment.
            temperature: None asks for 0. max_tokens: of the model's answer, at most.
            timeout: seconds without a byte before a call counts as failed; None: 60.
            retries: calls after the first one; None: 4.

        Raises:
            ModelFailedError: the model gave no answer; ``status`` is the service's HTTP status.
            ApiKeyRequiredError: the provider needs a key, and there is none.
            InvalidArgumentError: the question is empty, or options do not fit together.
        """
        from mv2.ask.answers import Asking, Memory, ask

        asking = Asking(
            k=k,
            mode=mode,
            model=model,
            context_only=context_only,
            token_budget=token_budget,
            min_confidence=min_confidence,
            prompt=prompt,
            on_token=on_token,
            find_options={
                "filter": filter, "scope": scope, "since": since, "until": until, "as_of": as_of,
                "as_of_frame": as_of_frame, "as_of_commit": as_of_commit, "ranking": ranking, "tz": tz,
            },
            model_options={
                "base_url": base_url, "api_key": api_key, "temperature": temperature,
                "max_tokens": max_tokens, "timeout": timeout, "retries": retries,
            },
        )  # fmt: skip
        memory = Memory(self.find, self.text, self.frame, self._store.view().frame_count)
        return ask(memory, question, asking)
