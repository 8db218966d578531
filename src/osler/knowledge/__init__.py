"""Knowledge: files become documents, questions become evidence, answers become citations.

    readers/     one file per format: bytes to documents
    ingest       a file into the store, whole or not at all
    query        what a clinical question asks for, as data (`data/intents.toml`)
    retrieve     the evidence for a question, limited to one patient
    prompt       the evidence as the model sees it
    cite         the citations that an answer makes of it

No I/O but the package's own data; storage and search come through ports.
"""
