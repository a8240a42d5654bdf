"""Documents in Firestore; `docs/decisions/0003-documents.md` says how they are laid out."""
