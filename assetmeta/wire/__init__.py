"""I/O: the one driver that runs a backend's flows over HTTP, and what it needs.

Files import only `assetmeta.model` and files named before their own:

    redact          what must not be shown: secrets in headers, queries and URLs
    bodies          secrets in bodies: JSON, XML and forms, parsed and masked
    ledger          what was sent: entries and their totals; budgets
    urls            scheme + host + port, and how a path becomes a URL
    tracebacks      errors without the frames that hold secrets
    transport_base  the seam: one request out, one answer in
    auth            credentials, bound to one origin
    user_tokens     tokens as the user name of a Basic login
    challenge       advice after a refused login
    ntlm            Windows login (extra `ntlm`)
    oauth           tokens from an endpoint: OAuth2, and the exchange of user name and password
    login_guard     a refused login is tried once
    body            bodies out of files, and taking those back to their start
    download        bodies into files, continued after a break
    proxies         proxies as they are given
    deadline        how long one exchange may take in all
    connections     connections that keep a deadline
    failures        errors of the HTTP library in our words
    retry           what may be repeated, when, and for how long
    redirect        which redirects are followed
    certificates    files of certificates and keys
    transport       the line to a real server
    cassette        a line that records and replays (extra `vcr`)
    sender          one request delivered: login, redirects, repeats, ledger
    file_cache      a text kept on disk
    background      calls in threads of their own
    driver          flows run to their end
"""
