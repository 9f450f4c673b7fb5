//! What the media side knows of organisations, streams, keys and revocations, in memory and immutable.
//!
//! A policy is what its updates made of it: a snapshot is a list of updates, a change is one. Applying one costs
//! microseconds whatever the policy's size, because the maps are persistent; readers keep the policy they hold.

mod bar;
mod credential;
mod hold;
mod organisation;
mod revocation;
mod stream;
mod update;

use std::sync::Arc;

pub use bar::{Bar, Barred, Bars};
pub use credential::{CredentialDigest, Handle, Known, StaticScope, StaticToken};
pub use hold::{Held, Hold, Holds};
use ids::{OrganisationHash, OrganisationId, StreamId, StreamName};
pub use organisation::{Asks, IngestAuthorisation, Judges, Organisation, Package, Packages, Standing};
pub use revocation::{FOREIGN_LEEWAY, Revocations, Subject};
use rpds::{HashTrieMapSync, HashTrieSetSync};
pub use stream::{SecurePlayback, Stream, StreamIngest, StreamStanding};
pub use update::{Touched, Update};

use crate::{VerifyingKey, rules::Rules, token::Claims};

/// Everything the decision may look at.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    organisations: HashTrieMapSync<OrganisationId, Arc<Tenant>>,
    hashes: HashTrieMapSync<OrganisationHash, OrganisationId>,
    streams: HashTrieMapSync<StreamName, Arc<Stream>>,
    names: HashTrieMapSync<StreamId, StreamName>,
    /// The installation's own keys by their names, whosever they are.
    published: HashTrieMapSync<Arc<str>, Arc<VerifyingKey>>,
}

/// One organisation with what verifies and what is revoked in it.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Settings and standing.
    pub organisation: Organisation,
    /// Keys by `kid`.
    pub keys: HashTrieMapSync<Arc<str>, Arc<VerifyingKey>>,
    /// What was revoked.
    pub revocations: Revocations,
    /// Who is banned, as tokens name them.
    pub bans: HashTrieSetSync<Arc<str>>,
    /// Whom operators sent away a moment ago.
    pub bars: Bars,
    /// Whom the organisation keeps out for a while.
    pub holds: Holds,
    /// Guardian rules.
    pub rules: Rules,
    /// The customer's keys, at most [`FOREIGN_KEYS`]: what a token without `kid` is tried with.
    foreign: Arc<[Arc<VerifyingKey>]>,
    static_tokens: HashTrieMapSync<CredentialDigest, Arc<Claims>>,
    static_names: HashTrieMapSync<Arc<str>, CredentialDigest>,
    handles: HashTrieMapSync<CredentialDigest, Arc<Known>>,
}

impl Tenant {
    fn new(organisation: Organisation) -> Self {
        Self {
            organisation,
            keys: HashTrieMapSync::default(),
            revocations: Revocations::default(),
            bans: HashTrieSetSync::default(),
            bars: Bars::default(),
            holds: Holds::default(),
            rules: Rules::default(),
            foreign: Arc::from([]),
            static_tokens: HashTrieMapSync::default(),
            static_names: HashTrieMapSync::default(),
            handles: HashTrieMapSync::default(),
        }
    }

    /// The customer's keys, in the order of their names.
    pub fn foreign_keys(&self) -> &[Arc<VerifyingKey>] {
        &self.foreign
    }

    /// What the static token of that digest lets in to.
    pub(crate) fn static_token(&self, digest: &CredentialDigest) -> Option<&Arc<Claims>> {
        self.static_tokens.get(digest)
    }

    /// What the handle of that digest stands for.
    pub(crate) fn handle(&self, digest: &CredentialDigest) -> Option<&Arc<Known>> {
        self.handles.get(digest)
    }

    fn apply(&mut self, update: &Update) {
        match update {
            Update::Organisation(organisation) => self.organisation = organisation.clone(),
            Update::Key { key, .. } => {
                self.keys.insert_mut(key.kid().clone(), Arc::new(key.clone()));
                self.line_up();
            }
            Update::KeyRemoved { kid, .. } => {
                self.keys.remove_mut(kid);
                self.line_up();
            }
            Update::Revoked { subject, at, .. } => self.revocations.insert(subject, *at),
            Update::RevocationsOver { tokens, .. } => self.revocations.forget(tokens),
            Update::Banned { user, banned: true, .. } => self.bans.insert_mut(user.clone()),
            Update::Banned { user, .. } => _ = self.bans.remove_mut(user),
            Update::Ended { bar, .. } => self.bars.insert(bar),
            Update::Held { hold, .. } => self.holds.insert(hold),
            Update::HoldsOver { at, .. } => self.holds.forget(*at),
            Update::Rule { rule, .. } => self.rules.insert(rule),
            Update::RuleRemoved { id, .. } => self.rules.remove(*id),
            Update::StaticToken { token, .. } => {
                self.forget_static_token(&token.name);
                self.static_names.insert_mut(token.name.clone(), token.digest);
                self.static_tokens.insert_mut(token.digest, Arc::new(token.claims()));
            }
            Update::StaticTokenRemoved { name, .. } => self.forget_static_token(name),
            Update::Handle { handle, .. } => match handle.read(&self.keys) {
                Ok(known) => self.handles.insert_mut(handle.digest, Arc::new(known)),
                // What cannot be read lets nobody in.
                Err(_) => _ = self.handles.remove_mut(&handle.digest),
            },
            Update::HandleRemoved { digest, .. } => _ = self.handles.remove_mut(digest),
            Update::Stream(_) | Update::StreamDeleted { .. } => {}
        }
    }

    fn forget_static_token(&mut self, name: &Arc<str>) {
        if let Some(digest) = self.static_names.get(name) {
            let its = |claims: &Arc<Claims>| StaticToken::name_in(&claims.jti) == Some(&**name);
            if self.static_tokens.get(digest).is_some_and(its) {
                self.static_tokens.remove_mut(digest);
            }
            self.static_names.remove_mut(name);
        }
    }

    fn line_up(&mut self) {
        let mut keys: Vec<_> = self.keys.values().filter(|key| !key.is_ours()).cloned().collect();
        keys.sort_unstable_by(|one, other| one.kid().cmp(other.kid()));
        keys.truncate(FOREIGN_KEYS);
        self.foreign = keys.into();
    }
}

impl Policy {
    /// The policy that a snapshot describes.
    pub fn from_updates(updates: impl IntoIterator<Item = Update>) -> Self {
        let mut policy = Self::default();
        for update in updates {
            policy.apply(&update);
        }
        policy
    }

    /// This policy and one change. An update for an organisation that is not known changes nothing.
    #[must_use]
    pub fn with(&self, update: &Update) -> Self {
        let mut next = self.clone();
        next.apply(update);
        next
    }

    /// This policy, with one organisation as it is in another: its keys, rules, revocations and the like. Its name and its
    /// streams are not among them.
    #[must_use]
    pub fn with_tenant_of(&self, other: &Self, organisation: OrganisationId) -> Self {
        let mut next = self.clone();
        if let Some(tenant) = other.tenant(organisation) {
            next.organisations.insert_mut(organisation, tenant.clone());
        }
        next
    }

    /// Makes one change part of this policy. What nobody else holds is changed where it is; what somebody holds is copied
    /// along the way.
    pub fn apply(&mut self, update: &Update) {
        match update {
            Update::Organisation(organisation) => {
                self.hashes.insert_mut(organisation.hash, organisation.id);
                if self.tenant(organisation.id).is_none() {
                    let tenant = Tenant::new(organisation.clone());
                    self.organisations.insert_mut(organisation.id, Arc::new(tenant));
                    return;
                }
            }
            Update::Stream(stream) => {
                self.names.insert_mut(stream.id, stream.name.clone());
                self.streams.insert_mut(stream.name.clone(), Arc::new(stream.clone()));
                return;
            }
            Update::StreamDeleted { id, .. } => {
                if let Some(name) = self.names.get(id) {
                    self.streams.remove_mut(name);
                    self.names.remove_mut(id);
                }
                return;
            }
            Update::Key { key, .. } => self.publish(update.organisation(), key.kid(), Some(key)),
            Update::KeyRemoved { kid, .. } => self.publish(update.organisation(), kid, None),
            _ => {}
        }
        if let Some(tenant) = self.organisations.get_mut(&update.organisation()) {
            Arc::make_mut(tenant).apply(update);
        }
    }

    /// Keeps the installation's own keys together as an organisation gets another key of that name, or has none any more.
    fn publish(&mut self, organisation: OrganisationId, kid: &Arc<str>, key: Option<&VerifyingKey>) {
        let Some(tenant) = self.organisations.get(&organisation) else {
            return;
        };
        if let Some(key) = key.filter(|key| key.is_ours()) {
            self.published.insert_mut(kid.clone(), Arc::new(key.clone()));
        } else if tenant.keys.get(kid).is_some_and(|key| key.is_ours()) {
            self.published.remove_mut(kid);
        }
    }

    /// The installation's own key of that name, whosever it is.
    pub fn published(&self, kid: &Arc<str>) -> Option<&Arc<VerifyingKey>> {
        self.published.get(kid)
    }

    /// The organisation of that id.
    pub fn tenant(&self, id: OrganisationId) -> Option<&Arc<Tenant>> {
        self.organisations.get(&id)
    }

    /// Which edition of the organisation's backend is asked.
    pub fn backend_edition(&self, id: OrganisationId) -> i64 {
        self.tenant(id).map_or(0, |tenant| tenant.organisation.asks.edition)
    }

    /// The organisation that a stream's name begins with, whether or not the stream exists.
    pub fn tenant_of(&self, name: &StreamName) -> Option<&Arc<Tenant>> {
        self.tenant(*self.hashes.get(&name.organisation()?)?)
    }

    /// The stream of that name.
    pub fn stream(&self, name: &StreamName) -> Option<&Arc<Stream>> {
        self.streams.get(name)
    }

    /// The stream of that id.
    pub fn stream_by_id(&self, id: StreamId) -> Option<&Arc<Stream>> {
        self.stream(self.names.get(&id)?)
    }

    /// Every stream, in no order.
    pub fn streams(&self) -> impl Iterator<Item = &Arc<Stream>> {
        self.streams.values()
    }
}

/// How many keys of its own an organisation may have.
pub const FOREIGN_KEYS: usize = 8;
