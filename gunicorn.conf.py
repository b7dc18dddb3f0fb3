"""How gunicorn serves the portal; it reads this file by itself when started in the project's root."""

workers = 2
threads = 8
worker_class = "gthread"
keepalive = 0
"""A connection that stays open stays with one process: of sixty browsers one process got most, and their searches
waited a second while the other process idled. A new connection goes to whoever is free."""

loglevel = "warning"
