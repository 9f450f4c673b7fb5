# Who may do what: the only place where it is written down.
#
# A member acts in their own organisation only. Each role may what it lists, and what the role below it may.

allow(member: Member, action: String, tenant: Tenant) if
    member.organisation = tenant.organisation and
    may(member.role, action);

may("nanoReadOnly", action) if action in [
    "organisation.read",
    "stream.read",
    "stream.watch",
    "session.read",
    "change.read"
];

may("nanoUser", action) if may("nanoReadOnly", action);
may("nanoUser", action) if action in [
    "session.read_personal",
    "token.read",
    "token.create",
    "token.revoke",
    "stream.create",
    "stream.update",
    "test_source.start",
    "ingest_key.read"
];

may("nanoAdmin", action) if may("nanoUser", action);
may("nanoAdmin", action) if action in [
    "token.revoke_bulk",
    "stream.open",
    "stream.stop",
    "stream.start",
    "stream.lock",
    "stream.unlock",
    "stream.delete",
    "ingest_key.rotate",
    "signing_key.read"
];
