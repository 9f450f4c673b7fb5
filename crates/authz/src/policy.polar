# Who may do what: the only place where it is written down.
#
# A member acts in their own organisation only. Each role may what it lists, and what the role below it may. A platform
# operator is no member: operators act on organisations and packages, and see nothing of what is inside.

allow(member: Member, action: String, tenant: Tenant) if
    member.organisation = tenant.organisation and
    may(member.role, action);

may("nanoReadOnly", action) if action in [
    "organisation.read",
    "stream.read",
    "stream.watch",
    "session.read",
    "analytics.read",
    "change.read",
    "alert.read",
    "search",
    "account.use"
];

may("nanoUser", action) if may("nanoReadOnly", action);
may("nanoUser", action) if action in [
    "session.read_personal",
    "session.end",
    "explain",
    "case.read",
    "case.write",
    "response.read",
    "response.write",
    "token.read",
    "token.create",
    "token.lint",
    "token.revoke",
    "viewer.ban",
    "rule.read",
    "rule.simulate",
    "rule.write",
    "stream.create",
    "stream.update",
    "test_source.start",
    "ingest_key.read",
    "group.create",
    "group.update",
    "alert.acknowledge",
    "alert_rule.write"
];

may("nanoAdmin", action) if may("nanoUser", action);
may("nanoAdmin", action) if action in [
    "session.end_broadcast",
    "viewer.erase",
    "token.revoke_bulk",
    "static_token.write",
    "rule.write_wide",
    "stream.open",
    "stream.stop",
    "stream.start",
    "stream.lock",
    "stream.unlock",
    "stream.delete",
    "ingest_key.rotate",
    "signing_key.read",
    "signing_key.add",
    "signing_key.rotate",
    "signing_key.remove",
    "tag.delete",
    "group.delete",
    "member.read",
    "member.invite",
    "member.change_role",
    "member.remove",
    "member.invalidate",
    "api_token.manage",
    "api_key.rotate",
    "organisation.update",
    "package.request",
    "identity_provider.read",
    "identity_provider.update",
    "webhook.read",
    "webhook.update",
    "webhook.test",
    "alert_receiver.read",
    "alert_receiver.update",
    "alert_receiver.test",
    "audit.read"
];

allow(operator: Operator, action: String, _: Platform) if
    operator.is_operator and
    action in [
        "platform.read",
        "organisation.create",
        "organisation.invite_again",
        "organisation.suspend",
        "organisation.resume",
        "package.set",
        "package.decline"
    ];
