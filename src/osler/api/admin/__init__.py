"""The admin surface, `/admin`: what a site's administrators ask and do over HTTP. Thin: each route calls one workflow.

It wants an API key of the role `admin`, wherever it is served, and what it changes is in the audit log before it is
acknowledged. `gate.py` lets in, `app.py` has the routes, `values.py` what comes in and goes out, `acts.py` signs.
FastAPI is imported at the first request that is let in: a server that nobody administers does without it.
"""
