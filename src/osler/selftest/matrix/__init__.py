"""The fail-closed matrix: every route, plain and streamed, while a guard is down.

site       the site's configuration, with capture servers in the place of the real ones
served     the application under trial: a process of its own whose guards can be switched off
trial      that process as this one sees it, with the capture servers
routes     every route of the application, and what is asked of it
down       parts of the gateway that can be switched off
outages    what can be down, in which manners, and what must hold then
judge      what came of one request, held to what must hold
run        all cells, in two wards side by side
"""
