//! Every operation that a role, or a platform operator, may or may not do.

macro_rules! actions {
    ($(#[$doc:meta])* $kind:ident { $($name:ident = $text:literal, $sentence:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $kind {
            $(#[doc = $sentence] $name,)*
        }

        impl From<$kind> for &'static str {
            fn from(action: $kind) -> Self {
                action.as_str()
            }
        }

        impl $kind {
            /// Every operation, in the order of the policy.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name in the policy and in the audit log, as in `stream.lock`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

actions! {
    /// An operation on an organisation.
    Action {
        OrganisationRead = "organisation.read", "Read the organisation, its packages and its counters.";
        StreamRead = "stream.read", "Read streams and their states.";
        StreamWatch = "stream.watch", "Watch a stream in the dashboard.";
        SessionRead = "session.read", "Read sessions, with addresses masked and without users.";
        SessionReadPersonal = "session.read_personal", "Read the addresses and users of sessions.";
        SessionEnd = "session.end", "End a viewer's session.";
        SessionEndBroadcast = "session.end_broadcast", "End a broadcaster's session.";
        Explain = "explain", "See why somebody was refused, or would be.";
        AnalyticsRead = "analytics.read", "Read what was watched and refused; by token and address with the right to see those.";
        CaseRead = "case.read", "Read misuse cases, and take their reports away.";
        CaseWrite = "case.write", "Open, fill, annotate, close and delete misuse cases.";
        ResponseRead = "response.read", "Read what is suggested, and done, about whom misuse is found in.";
        ResponseWrite = "response.write", "Suggest, approve, refuse and take back what is done about whom misuse is found in.";
        ChangeRead = "change.read", "Follow a change on its way to the nodes.";
        TokenRead = "token.read", "Read the records of tokens; never a token itself.";
        TokenCreate = "token.create", "Make playback and publish tokens, and handles.";
        TokenLint = "token.lint", "Have a token looked at: who signed it, what it says, what could be better about it.";
        TokenRevoke = "token.revoke", "Revoke one token, a user's or a tag's.";
        TokenRevokeBulk = "token.revoke_bulk", "Revoke by stream, signing key or moment of issue.";
        ViewerBan = "viewer.ban", "Ban a viewer, and take that back.";
        ViewerErase = "viewer.erase", "Erase a viewer from what is remembered.";
        StaticTokenWrite = "static_token.write", "Put static tokens into the list, and take them out.";
        RuleRead = "rule.read", "Read Guardian rules.";
        RuleSimulate = "rule.simulate", "Try a rule on sessions, without making it.";
        RuleWrite = "rule.write", "Make, change and delete rules on viewers, except those that reach everybody or very many.";
        RuleWriteWide = "rule.write_wide", "Make, change and delete rules on broadcasters, and those that reach everybody or very many.";
        StreamCreate = "stream.create", "Create streams.";
        StreamUpdate = "stream.update", "Change a stream's title, tags and settings.";
        StreamOpen = "stream.open", "Open a stream's playback or ingest to everybody.";
        StreamStop = "stream.stop", "Stop a stream.";
        StreamStart = "stream.start", "Let a stopped stream be published again.";
        StreamLock = "stream.lock", "Lock a stream.";
        StreamUnlock = "stream.unlock", "Unlock a stream.";
        StreamDelete = "stream.delete", "Delete a stream.";
        TestSourceStart = "test_source.start", "Start the built-in test source on a stream.";
        IngestKeyRead = "ingest_key.read", "Reveal a stream's ingest key.";
        IngestKeyRotate = "ingest_key.rotate", "Replace a stream's ingest key.";
        SigningKeyRead = "signing_key.read", "Read the organisation's signing keys; never a private part.";
        SigningKeyAdd = "signing_key.add", "Add a key of the organisation's own, with which its tokens are signed elsewhere.";
        SigningKeyRotate = "signing_key.rotate", "Sign with a new key from now on.";
        SigningKeyRemove = "signing_key.remove", "Remove a signing key, and end what it signed.";
        Search = "search", "Search the organisation; what is found is what the role may read.";
        TagDelete = "tag.delete", "Take a tag off every stream.";
        GroupCreate = "group.create", "Make stream groups.";
        GroupUpdate = "group.update", "Change stream groups, and which streams are in them.";
        GroupDelete = "group.delete", "Delete stream groups; their streams stay.";
        MemberRead = "member.read", "List members and invitations.";
        MemberInvite = "member.invite", "Invite, resend and withdraw.";
        MemberChangeRole = "member.change_role", "Change a member's role.";
        MemberRemove = "member.remove", "Remove a member.";
        MemberInvalidate = "member.invalidate", "Invalidate a member's access, or end one of their sign-ins.";
        AccountUse = "account.use", "One's own password, second factor, sign-ins and API tokens.";
        ApiTokenManage = "api_token.manage", "List and revoke everybody's API tokens.";
        ApiKeyRotate = "api_key.rotate", "Make or replace the organisation's API key.";
        OrganisationUpdate = "organisation.update", "Change the organisation's settings.";
        PackageRequest = "package.request", "Ask the platform operators for a package.";
        ProviderRead = "identity_provider.read", "Read the organisation's identity provider; never its secret.";
        ProviderUpdate = "identity_provider.update", "Set or remove the organisation's identity provider.";
        WebhookRead = "webhook.read", "Read the organisation's webhooks and their log; never a secret.";
        WebhookUpdate = "webhook.update", "Set and remove webhooks, and rotate their secrets.";
        WebhookTest = "webhook.test", "Call a webhook to try it, or once more.";
        AlertRead = "alert.read", "Read alerts and their rules.";
        AlertAcknowledge = "alert.acknowledge", "Take an alert on, which ends its reminders.";
        AlertRuleWrite = "alert_rule.write", "Make, change, mute and delete alert rules.";
        AlertReceiverRead = "alert_receiver.read", "Read where alerts go, and what came of it.";
        AlertReceiverUpdate = "alert_receiver.update", "Set and remove receivers of alerts.";
        AlertReceiverTest = "alert_receiver.test", "Send a trial to a receiver of alerts.";
        AuditRead = "audit.read", "Read the audit log.";
    }
}

actions! {
    /// An operation on the installation, for its operators.
    PlatformAction {
        PlatformRead = "platform.read", "List organisations with their packages and use.";
        OrganisationCreate = "organisation.create", "Create an organisation and invite its first administrator.";
        OrganisationInviteAgain = "organisation.invite_again", "Send an organisation's first administrator the invitation again.";
        OrganisationSuspend = "organisation.suspend", "Suspend an organisation.";
        OrganisationResume = "organisation.resume", "Let a suspended organisation go on.";
        PackageSet = "package.set", "Enable, limit or take away an organisation's packages.";
        PackageDecline = "package.decline", "Decline an organisation's wish for a package.";
    }
}
