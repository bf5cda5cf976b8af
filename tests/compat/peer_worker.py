"""Runs the original engine for a test: one JSON command per line in, one JSON answer per line out.

Started by the Python of the peer environment. It must not import mv2 and needs
nothing but the standard library and the original. Whatever the original
prints goes to standard error, so that answers stay one line each.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import sys
import time
from typing import Any

Command = dict[str, Any]
PLAIN_PUT = {"enable_embedding": False, "auto_tag": False, "extract_dates": False}


class Worker:
    """One open memory at most, and a method for each command."""

    def __init__(self) -> None:
        import memvid_sdk  # slow: belongs to the first command's time limit

        self.sdk = memvid_sdk
        self.memory: Any = None

    def do_info(self, command: Command) -> dict[str, str]:
        from importlib.metadata import version

        return {"version": version("memvid-sdk"), "python": sys.version.split()[0]}

    def do_sleep(self, command: Command) -> None:
        time.sleep(command["seconds"])

    def do_noise(self, command: Command) -> None:
        """Print to standard output at every level a library can."""
        print("noise through print")
        os.write(1, b"noise through the descriptor\n")

    def do_create(self, command: Command) -> None:
        self.memory = self.sdk.create(command["path"], enable_vec=command.get("enable_vec", False))

    def do_open(self, command: Command) -> None:
        self.memory = self.sdk.use(
            "basic",
            command["path"],
            mode="open",
            read_only=command["read_only"],
            enable_vec=command.get("enable_vec", False),
        )

    def do_close(self, command: Command) -> None:
        memory, self.memory = self.memory, None
        if memory is not None:
            memory.close()

    def do_put(self, command: Command) -> int:
        return int(self.memory.put(**PLAIN_PUT, **command["document"]))

    def do_put_many(self, command: Command) -> list[int]:
        documents = [{"label": "", "metadata": {}, **document} for document in command["documents"]]
        ids = self.memory.put_many(
            documents,
            embeddings=command.get("embeddings"),
            opts={**PLAIN_PUT, "disable_auto_checkpoint": command.get("disable_auto_checkpoint", False)},
        )
        return [int(frame_id) for frame_id in ids]

    def do_put_then_die(self, command: Command) -> None:
        """Put documents whose log records arrive but whose commits cannot: then vanish.

        The limit lets writes inside the present file through and refuses the
        copy that each commit makes, which is what a full disk does.
        """
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limit = os.path.getsize(command["path"]) - 1
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        for document in command["documents"]:
            with contextlib.suppress(self.sdk.MemvidError):
                self.memory.put(**PLAIN_PUT, **document)
        os._exit(0)

    def do_remove(self, command: Command) -> int:
        return int(self.memory.remove(command["frame_id"]))

    def do_stats(self, command: Command) -> dict[str, Any]:
        return dict(self.memory.stats())

    def do_frame(self, command: Command) -> dict[str, Any]:
        return dict(self.memory.frame(command["uri"]))

    def do_blob(self, command: Command) -> str:
        return base64.b64encode(self.memory.blob(command["uri"])).decode("ascii")

    def do_tables(self, command: Command) -> dict[str, str]:
        return {
            table["table_id"]: self.memory.get_table(table["table_id"], format="csv")
            for table in self.memory.list_tables()
        }

    def do_timeline(self, command: Command) -> list[dict[str, Any]]:
        entries = self.memory.timeline(
            limit=command.get("limit", 1_000_000), reverse=command.get("reverse", False)
        )
        return [dict(entry) for entry in entries]

    def do_find(self, command: Command) -> dict[str, Any]:
        """Hits as the original gives them: one per snippet window, so ids may repeat."""
        return self._hits(command["query"], k=command.get("k", 50), mode="lex")

    def do_find_vector(self, command: Command) -> dict[str, Any]:
        return self._hits("", k=command.get("k", 5), mode="sem", query_embedding=command["vector"])

    def _hits(self, query: str, **arguments: Any) -> dict[str, Any]:
        try:
            result = self.memory.find(query or "anything", **arguments)
        except self.sdk.LexIndexDisabledError as error:  # its way of saying "nothing found", at times
            return {"ids": [], "scores": [], "texts": [], "error": str(error)}
        hits = result["hits"]
        return {
            "ids": [hit["frame_id"] for hit in hits],
            "scores": [hit["score"] for hit in hits],
            "texts": [hit["text"] for hit in hits],
            "error": None,
        }

    def do_verify(self, command: Command) -> dict[str, Any]:
        report = self.sdk.Memvid.verify(command["path"], deep=command.get("deep", True))
        failed = [check for check in report["checks"] if check["status"] not in ("passed", "skipped")]
        return {"status": report["overall_status"], "failed": failed}

    def do_doctor(self, command: Command) -> dict[str, Any]:
        options = {key: value for key, value in command.items() if key not in ("op", "path")}
        report = self.sdk.Memvid.doctor(command["path"], quiet=True, **options)
        return {"status": report["status"], "findings": sorted({f["code"] for f in report["findings"]})}

    def do_snapshot(self, command: Command) -> dict[str, Any]:
        """Everything comparable in one answer; closes the memory again."""
        self.do_open(command)
        try:
            answer: dict[str, Any] = {"stats": self.do_stats({}), "timeline": self.do_timeline({})}
            uris = dict.fromkeys([*command["uris"], *(entry["uri"] for entry in answer["timeline"])])
            answer["frames"], answer["blobs"] = {}, {}
            for uri in uris:
                answer["frames"][uri] = self._or_error(self.do_frame, {"uri": uri})
                answer["blobs"][uri] = self._or_error(self.do_blob, {"uri": uri})
            answer["found"] = {word: self.do_find({"query": word}) for word in command["words"]}
            answer["nearest"] = [self.do_find_vector({"vector": vector}) for vector in command["vectors"]]
        finally:
            self.do_close({})
        answer["verify"] = self._or_error(self.do_verify, {"path": command["path"], "deep": True})
        answer["doctor"] = self._or_error(self.do_doctor, {"path": command["path"], "dry_run": True})
        return answer

    def _or_error(self, method: Any, command: Command) -> Any:
        try:
            return method(command)
        except self.sdk.MemvidError as error:
            return {"error": f"{type(error).__name__}: {error}"}


def describe(error: BaseException) -> dict[str, str]:
    """The error for the answer; native panics are not Exceptions, so any kind comes here."""
    return {"type": type(error).__name__, "message": str(error)[:2000]}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    worker: Worker | None = None
    for line in sys.stdin:
        command = json.loads(line)
        try:
            worker = worker or Worker()
            answer = {"value": getattr(worker, f"do_{command['op']}")(command)}
        except BaseException as error:  # noqa: BLE001  every failure is an answer
            answer = {"error": describe(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
