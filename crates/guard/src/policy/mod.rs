//! What the media side knows of organisations, streams, keys and revocations, in memory and immutable.
//!
//! A policy is what its updates made of it: a snapshot is a list of updates, a change is one. Applying one costs
//! microseconds whatever the policy's size, because the maps are persistent; readers keep the policy they hold.

mod organisation;
mod revocation;
mod stream;
mod update;

use std::sync::Arc;

use ids::{OrganisationHash, OrganisationId, StreamId, StreamName};
pub use organisation::{IngestAuthorisation, Organisation, Package, Packages, Standing};
pub use revocation::{Revocations, Subject};
use rpds::HashTrieMapSync;
pub use stream::{SecurePlayback, Stream, StreamIngest, StreamStanding};
pub use update::{Touched, Update};

use crate::VerifyingKey;

/// Everything the decision may look at.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    organisations: HashTrieMapSync<OrganisationId, Arc<Tenant>>,
    hashes: HashTrieMapSync<OrganisationHash, OrganisationId>,
    streams: HashTrieMapSync<StreamName, Arc<Stream>>,
    names: HashTrieMapSync<StreamId, StreamName>,
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
}

impl Policy {
    /// The policy that a snapshot describes.
    pub fn from_updates(updates: impl IntoIterator<Item = Update>) -> Self {
        updates
            .into_iter()
            .fold(Self::default(), |policy, update| policy.with(&update))
    }

    /// This policy and one change. An update for an organisation that is not known changes nothing.
    #[must_use]
    pub fn with(&self, update: &Update) -> Self {
        let mut next = self.clone();
        match update {
            Update::Organisation(organisation) => {
                let tenant = match self.tenant(organisation.id) {
                    Some(tenant) => Tenant {
                        organisation: organisation.clone(),
                        ..(**tenant).clone()
                    },
                    None => Tenant {
                        organisation: organisation.clone(),
                        keys: HashTrieMapSync::default(),
                        revocations: Revocations::default(),
                    },
                };
                next.hashes.insert_mut(organisation.hash, organisation.id);
                next.organisations.insert_mut(organisation.id, Arc::new(tenant));
            }
            Update::Stream(stream) => {
                next.names.insert_mut(stream.id, stream.name.clone());
                next.streams.insert_mut(stream.name.clone(), Arc::new(stream.clone()));
            }
            Update::StreamDeleted { id, .. } => {
                if let Some(name) = self.names.get(id) {
                    next.streams.remove_mut(name);
                    next.names.remove_mut(id);
                }
            }
            Update::Key { organisation, key } => {
                next.change(*organisation, |tenant| {
                    tenant.keys.insert_mut(key.kid.clone(), Arc::new(key.clone()));
                });
            }
            Update::KeyRemoved { organisation, kid } => {
                next.change(*organisation, |tenant| {
                    tenant.keys.remove_mut(kid);
                });
            }
            Update::Revoked {
                organisation,
                subject,
                at,
            } => {
                next.change(*organisation, |tenant| tenant.revocations.insert(subject, *at));
            }
        }
        next
    }

    /// The organisation of that id.
    pub fn tenant(&self, id: OrganisationId) -> Option<&Arc<Tenant>> {
        self.organisations.get(&id)
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

    fn change(&mut self, id: OrganisationId, change: impl FnOnce(&mut Tenant)) {
        if let Some(tenant) = self.organisations.get(&id) {
            let mut tenant = (**tenant).clone();
            change(&mut tenant);
            self.organisations.insert_mut(id, Arc::new(tenant));
        }
    }
}
