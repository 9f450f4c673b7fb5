//! One step of policy, as it travels to the nodes.

use std::sync::Arc;

use ids::{OrganisationId, RuleId, SessionId, StreamId};
use serde::{Deserialize, Serialize};

use super::{Bar, Barred, CredentialDigest, Handle, Hold, Organisation, Policy, StaticToken, Stream, Subject};
use crate::{Timestamp, VerifyingKey, key::Algorithm, rules::Rule, token::Jti};

/// One change. Applying it twice is the same as once, so that what was perhaps delivered can be sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Update {
    /// An organisation is new, or has other settings, packages or standing.
    Organisation(Organisation),
    /// A stream is new, or has other settings, standing or key.
    Stream(Stream),
    /// A stream is gone.
    StreamDeleted {
        /// Whose it was.
        organisation: OrganisationId,
        /// Which.
        id: StreamId,
    },
    /// A key verifies from now on.
    Key {
        /// Whose it is.
        organisation: OrganisationId,
        /// The public part.
        key: VerifyingKey,
    },
    /// A key verifies no more.
    KeyRemoved {
        /// Whose it was.
        organisation: OrganisationId,
        /// Its name.
        kid: Arc<str>,
    },
    /// Tokens were taken back.
    Revoked {
        /// Whose.
        organisation: OrganisationId,
        /// Which.
        subject: Subject,
        /// Bulk revocations cover what was issued up to here.
        at: Timestamp,
    },
    /// Tokens that were revoked by themselves are over: that they were is forgotten.
    RevocationsOver {
        /// Whose.
        organisation: OrganisationId,
        /// Which.
        tokens: Vec<Jti>,
    },
    /// A viewer is banned until that is taken back, or is not any more.
    Banned {
        /// In which organisation.
        organisation: OrganisationId,
        /// Whom tokens name so.
        user: Arc<str>,
        /// Whether they are banned.
        banned: bool,
    },
    /// An operator ended a session.
    Ended {
        /// In which organisation.
        organisation: OrganisationId,
        /// Which, and who is kept out for a while.
        bar: Bar,
    },
    /// Somebody is kept out for a while, or is not any more.
    Held {
        /// In which organisation.
        organisation: OrganisationId,
        /// Who, and until when.
        hold: Hold,
    },
    /// Holds whose time was over by then keep nobody out any more, and are forgotten.
    HoldsOver {
        /// In which organisation.
        organisation: OrganisationId,
        /// By when.
        at: Timestamp,
    },
    /// A rule is new, or says something else.
    Rule {
        /// Whose it is.
        organisation: OrganisationId,
        /// What it says.
        rule: Rule,
    },
    /// A rule is gone.
    RuleRemoved {
        /// Whose it was.
        organisation: OrganisationId,
        /// Which.
        id: RuleId,
    },
    /// A static token lets in from now on.
    StaticToken {
        /// Whose it is.
        organisation: OrganisationId,
        /// What it is.
        token: StaticToken,
    },
    /// A static token lets in no more.
    StaticTokenRemoved {
        /// Whose it was.
        organisation: OrganisationId,
        /// What it is called.
        name: Arc<str>,
    },
    /// A handle stands for a token from now on.
    Handle {
        /// Whose it is.
        organisation: OrganisationId,
        /// What it stands for.
        handle: Handle,
    },
    /// A handle stands for nothing any more.
    HandleRemoved {
        /// Whose it was.
        organisation: OrganisationId,
        /// Its text's digest.
        digest: CredentialDigest,
    },
}

/// Which running sessions a change can have touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Those of an organisation.
    Organisation(OrganisationId),
    /// Those on a stream.
    Stream(StreamId),
    /// Those in an organisation whose token the subject names.
    Tokens(OrganisationId, Subject),
    /// This one of an organisation, which an operator ended.
    Ended(OrganisationId, SessionId),
    /// Those in an organisation whom the rule can be about.
    Rule(OrganisationId, Arc<Rule>),
}

impl Update {
    /// Whose policy it changes.
    pub fn organisation(&self) -> OrganisationId {
        match self {
            Self::Organisation(organisation) => organisation.id,
            Self::Stream(stream) => stream.organisation,
            Self::StreamDeleted { organisation, .. }
            | Self::Key { organisation, .. }
            | Self::KeyRemoved { organisation, .. }
            | Self::Revoked { organisation, .. }
            | Self::RevocationsOver { organisation, .. }
            | Self::Banned { organisation, .. }
            | Self::Ended { organisation, .. }
            | Self::Held { organisation, .. }
            | Self::HoldsOver { organisation, .. }
            | Self::Rule { organisation, .. }
            | Self::RuleRemoved { organisation, .. }
            | Self::StaticToken { organisation, .. }
            | Self::StaticTokenRemoved { organisation, .. }
            | Self::Handle { organisation, .. }
            | Self::HandleRemoved { organisation, .. } => *organisation,
        }
    }

    /// Whether whoever reads it could sign with what it holds, or guess by it what signs: a shared secret.
    pub fn holds_secret(&self) -> bool {
        match self {
            Self::Key { key, .. } => key.algorithm() == Algorithm::Hs256,
            Self::Handle { handle, .. } => handle.key.is_some(),
            _ => false,
        }
    }

    /// The rule that is new, or says something else.
    pub fn rule(&self) -> Option<RuleId> {
        match self {
            Self::Rule { rule, .. } => Some(rule.id),
            _ => None,
        }
    }

    /// The sessions to decide again, when this comes after `before`.
    pub fn touched(&self, before: &Policy) -> Vec<Touched> {
        let tenant = before.tenant(self.organisation());
        match self {
            Self::Organisation(organisation) => vec![Touched::Organisation(organisation.id)],
            Self::Stream(stream) => vec![Touched::Stream(stream.id)],
            Self::StreamDeleted { id, .. } => vec![Touched::Stream(*id)],
            Self::Key { organisation, key } => tokens(*organisation, Subject::Key(key.kid().clone())),
            Self::KeyRemoved { organisation, kid } => tokens(*organisation, Subject::Key(kid.clone())),
            Self::Revoked {
                organisation, subject, ..
            } => tokens(*organisation, subject.clone()),
            Self::Banned { organisation, user, .. } => tokens(*organisation, Subject::User(user.clone())),
            Self::Held { organisation, hold } => tokens(*organisation, hold.who.subject()),
            // They let in since then; and nothing runs on a token that is over.
            Self::HoldsOver { .. } | Self::RevocationsOver { .. } => vec![],
            Self::Ended { organisation, bar } => {
                let tokens = bar.who.iter().filter_map(|who| match who {
                    Barred::Token(jti) => Some(Touched::Tokens(*organisation, Subject::Token(jti.clone()))),
                    // Others without a token go on: nothing says that they are the one who was meant.
                    Barred::Bare { .. } => None,
                });
                let one = Touched::Ended(*organisation, bar.session);
                [one].into_iter().chain(tokens).collect()
            }
            Self::Rule { organisation, rule } => {
                let old = tenant.and_then(|tenant| tenant.rules.rule(rule.id));
                let both = old.into_iter().chain([rule]);
                both.map(|rule| Touched::Rule(*organisation, Arc::new(rule.clone())))
                    .collect()
            }
            Self::RuleRemoved { organisation, id } => {
                let old = tenant.and_then(|tenant| tenant.rules.rule(*id));
                old.map(|rule| Touched::Rule(*organisation, Arc::new(rule.clone())))
                    .into_iter()
                    .collect()
            }
            Self::StaticToken { organisation, token } => static_token(*organisation, &token.name),
            Self::StaticTokenRemoved { organisation, name } => static_token(*organisation, name),
            // What a handle stood for until now.
            Self::Handle {
                organisation,
                handle: Handle { digest, .. },
            }
            | Self::HandleRemoved { organisation, digest } => {
                let old = tenant.and_then(|tenant| tenant.handle(digest));
                old.map(|known| Touched::Tokens(*organisation, Subject::Token(known.claims.jti.clone())))
                    .into_iter()
                    .collect()
            }
        }
    }
}

fn tokens(organisation: OrganisationId, subject: Subject) -> Vec<Touched> {
    vec![Touched::Tokens(organisation, subject)]
}

fn static_token(organisation: OrganisationId, name: &str) -> Vec<Touched> {
    tokens(organisation, Subject::Token(StaticToken::id_of(name)))
}
