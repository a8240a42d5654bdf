"""A batch of writes that are encoded directly; what is not a plain value the client encodes."""

from __future__ import annotations

from typing import Any

from google.cloud.firestore import WriteBatch, WriteOption
from google.cloud.firestore_v1.base_document import BaseDocumentReference
from google.cloud.firestore_v1.types import Write as WriteMessage

from tileweave.adapters.firestore import wire


class PlainBatch(WriteBatch):
    """Commits as the client's own batch does, and takes a fifth of the time to be made."""

    def create(self, reference: BaseDocumentReference, document_data: dict[str, Any]) -> None:
        """Create a document; the commit is refused if it exists."""
        try:
            self._take(reference, wire.create(self._path(reference), document_data))
        except wire.NotPlain:
            super().create(reference, document_data)

    def update(
        self,
        reference: BaseDocumentReference,
        field_updates: dict[str, Any],
        option: WriteOption | None = None,
    ) -> None:
        """Change fields of a document; `option` has the commit refused if it changed meanwhile."""
        if option is None:
            super().update(reference, field_updates)
            return
        try:
            write = wire.update(self._path(reference), field_updates)
        except wire.NotPlain:
            super().update(reference, field_updates, option)
            return
        option.modify_write(write)
        self._take(reference, write)

    def _take(self, reference: BaseDocumentReference, write: WriteMessage) -> None:
        self._document_references[self._path(reference)] = reference
        self._add_write_pbs([write])

    def _path(self, reference: BaseDocumentReference) -> str:
        return f"{self._client._database_string}/documents/{reference.path}"  # noqa: SLF001 - as its own batch
