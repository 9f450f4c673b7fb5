//! What every part of the control plane shares.

use std::{net::IpAddr, sync::Arc};

use guard::{Place, Timestamp};
use ids::{
    AlertDeliveryId, AlertId, AlertReceiverId, AlertRuleId, ApiTokenId, AuditId, CaseId, CaseItemId, CaseNoteId,
    ChangeId, FindingId, GroupId, InvitationId, KeyId, MailId, MemberId, OrganisationId, PackageRequestId, PasskeyId,
    PasswordResetId, ProviderId, RecoveryCodeId, RequestId, ResponseId, RuleId, SessionId, SignInId, StaticTokenId,
    StreamId, TokenId, UseId, UserId, WebhookDeliveryId, WebhookId,
};
use link::{Clock, Entropy};

use crate::{
    alerts::Alerts,
    analytics::Analytics,
    http::{Rate, Tools},
    jwks,
    live::Live,
    mail::Post,
    outbound::Outbound,
    people::{Access, Passwords, Throttle, factor::RelyingParty, provider},
    privacy::Privacy,
    publisher::Desk,
    seal::Seal,
    search,
    service::{exports::Exports, responses::Responses},
    store::Store,
    webhooks::Hooks,
};

/// The control plane, as its operations see it.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) seal: Seal,
    pub(crate) policy: authz::Policy,
    pub(crate) addresses: Addresses,
    /// Where addresses are.
    pub(crate) places: Places,
    pub(crate) demo: bool,
    pub(crate) tools: Tools,
    /// Changes on their way to the nodes.
    pub(crate) desk: Desk,
    /// What is on now.
    pub(crate) live: Live,
    /// What organisations want to be told of.
    pub(crate) alerts: Alerts,
    /// Who watched when, and who steals.
    pub(crate) analytics: Analytics,
    pub(crate) passwords: Passwords,
    /// As whom passkeys know the installation.
    pub(crate) relying_party: RelyingParty,
    pub(crate) throttle: Throttle,
    /// Who forgot a password of late.
    pub(crate) resets: Throttle,
    /// Mails on their way.
    pub(crate) post: Post,
    /// Whose access changed.
    pub(crate) access: Access,
    /// For how long viewers are known.
    pub(crate) privacy: Privacy,
    /// Files of tables on their way.
    pub(crate) exports: Exports,
    /// How much software asks.
    pub(crate) rate: Rate,
    /// What customers' addresses are asked with.
    pub(crate) outbound: Outbound,
    /// Where searches are asked, beside the database.
    pub(crate) search: Option<search::Outside>,
    /// Whose turn it is to ask for a set of keys.
    pub(crate) sets: jwks::Turns,
    /// What identity providers say of themselves.
    pub(crate) providers: provider::Known,
    /// Customers' addresses that are called.
    pub(crate) hooks: Hooks,
    /// What is done about whom misuse was found in.
    pub(crate) responses: Responses,
}

/// Where addresses are, as far as the installation knows.
#[derive(Clone)]
pub struct Places {
    find: Arc<dyn Fn(IpAddr) -> Located + Send + Sync>,
    known: Arc<dyn Fn() -> Known + Send + Sync>,
    credits: Arc<[Credit]>,
}

/// All that the installation's files say of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Located {
    /// What decisions look at.
    pub place: Place,
    /// Who runs the network.
    pub provider: Option<Arc<str>>,
}

/// What the installation's files say of addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// In which country they are.
    pub countries: bool,
    /// In which network they are.
    pub networks: bool,
}

/// Somebody who is named wherever countries or networks are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// As in `IP Geolocation by DB-IP`.
    pub text: String,
    /// As in `https://db-ip.com`.
    pub url: String,
}

impl Places {
    /// Those that `find` finds, in files that say what is `known` at the moment, of whom `credits` are.
    pub fn new(
        find: impl Fn(IpAddr) -> Located + Send + Sync + 'static,
        known: impl Fn() -> Known + Send + Sync + 'static,
        credits: Vec<Credit>,
    ) -> Self {
        Self {
            find: Arc::new(find),
            known: Arc::new(known),
            credits: credits.into(),
        }
    }

    /// Where an address is.
    pub(crate) fn of(&self, address: IpAddr) -> Place {
        self.locate(address).place
    }

    /// The same, and who runs the network.
    pub(crate) fn locate(&self, address: IpAddr) -> Located {
        (self.find)(address)
    }

    /// What is known at all.
    pub(crate) fn known(&self) -> Known {
        (self.known)()
    }

    /// Who is named.
    pub(crate) fn credits(&self) -> &[Credit] {
        &self.credits
    }
}

impl Default for Places {
    /// Nothing is known.
    fn default() -> Self {
        Self::new(|_| Located::default(), Known::default, vec![])
    }
}

impl std::fmt::Debug for Places {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Places")
    }
}

/// How the installation is reached from outside; without a slash at the end.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    /// As in `https://live.example.com`.
    pub(crate) http: String,
    /// As in `rtmp://live.example.com:1935`.
    pub(crate) rtmp: String,
}

impl State {
    /// Now.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Now, as columns have it.
    pub(crate) fn now_us(&self) -> i64 {
        self.now().us()
    }

    /// A new id of any kind.
    pub(crate) fn mint<I: Mint>(&self) -> I {
        I::of(u64::try_from(self.now().ms()).unwrap_or(0), self.entropy.bytes())
    }
}

/// An id that can be made.
pub(crate) trait Mint {
    /// One of this moment (milliseconds since 1970) and these random bytes.
    fn of(unix_ms: u64, random: [u8; 10]) -> Self;
}

macro_rules! mint {
    ($($id:ident),*) => {
        $(impl Mint for $id {
            fn of(unix_ms: u64, random: [u8; 10]) -> Self {
                Self::mint(unix_ms, random)
            }
        })*
    };
}
mint!(
    AlertDeliveryId,
    AlertId,
    AlertReceiverId,
    AlertRuleId,
    ApiTokenId,
    AuditId,
    CaseId,
    CaseItemId,
    CaseNoteId,
    ChangeId,
    FindingId,
    GroupId,
    InvitationId,
    KeyId,
    MailId,
    MemberId,
    OrganisationId,
    PackageRequestId,
    PasskeyId,
    PasswordResetId,
    ProviderId,
    RecoveryCodeId,
    RequestId,
    ResponseId,
    RuleId,
    SessionId,
    SignInId,
    StaticTokenId,
    StreamId,
    TokenId,
    UseId,
    UserId,
    WebhookDeliveryId,
    WebhookId
);
