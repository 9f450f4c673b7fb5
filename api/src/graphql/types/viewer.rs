//! Who is asking.

use async_graphql::{Enum, ID, SimpleObject};
use ids::{OrganisationId, UserId};

use crate::{
    people::{Membership as Place, Person},
    state::State,
};

/// Who is asking, and what they may do here.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Viewer {
    /// The person's id.
    id: ID,
    /// The address with which they sign in.
    email: String,
    /// What others see.
    name: String,
    /// The organisation in which this request acts; none where the person belongs to none.
    organisation: Option<OrganisationName>,
    /// The person's role in it.
    role: Option<Role>,
    /// What that role may do.
    permissions: Vec<Permission>,
    /// Every organisation that the person belongs to, the newest membership first.
    memberships: Vec<Membership>,
}

/// A person's place in an organisation.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct Membership {
    /// The membership's id; what tokens for the dashboard's own player name as `user`.
    id: ID,
    /// Where.
    organisation: OrganisationName,
    /// With which role.
    role: Role,
}

/// An organisation, as those see it who may choose it.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct OrganisationName {
    /// Its id.
    id: ID,
    /// What people call it.
    name: String,
    /// What the header `x-organisation` wants, and what stream names begin with.
    hash: String,
}

/// What a member is in an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "authz::Role")]
pub(crate) enum Role {
    /// Everything.
    #[graphql(name = "nanoAdmin")]
    Admin,
    /// The daily work.
    #[graphql(name = "nanoUser")]
    User,
    /// Looking on.
    #[graphql(name = "nanoReadOnly")]
    ReadOnly,
}

/// Something that a role may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "authz::Action")]
pub(crate) enum Permission {
    /// Read the organisation, its packages and its counters.
    OrganisationRead,
    /// Read streams and their states.
    StreamRead,
    /// Watch a stream in the dashboard.
    StreamWatch,
    /// Read sessions, with addresses masked and without users.
    SessionRead,
    /// Read the addresses and users of sessions.
    SessionReadPersonal,
    /// Follow a change on its way to the nodes.
    ChangeRead,
    /// Read the records of tokens; never a token itself.
    TokenRead,
    /// Make playback tokens.
    TokenCreate,
    /// Revoke one token, a user's or a tag's.
    TokenRevoke,
    /// Revoke by stream, signing key or moment of issue.
    TokenRevokeBulk,
    /// Create streams.
    StreamCreate,
    /// Change a stream's title, tags and settings.
    StreamUpdate,
    /// Take secure playback off a stream.
    StreamOpen,
    /// Stop a stream.
    StreamStop,
    /// Let a stopped stream be published again.
    StreamStart,
    /// Lock a stream.
    StreamLock,
    /// Unlock a stream.
    StreamUnlock,
    /// Delete a stream.
    StreamDelete,
    /// Start the built-in test source on a stream.
    TestSourceStart,
    /// Reveal a stream's ingest key.
    IngestKeyRead,
    /// Replace a stream's ingest key.
    IngestKeyRotate,
    /// Read the organisation's signing keys; never a private part.
    SigningKeyRead,
}

impl Viewer {
    /// A person who acts in the organisation of `acting`.
    pub(crate) fn of(state: &State, person: &Person, acting: Option<OrganisationId>) -> Self {
        let here = person
            .memberships
            .iter()
            .find(|place| Some(OrganisationId::from_uuid(place.organisation.id)) == acting);
        Self {
            id: UserId::from_uuid(person.user.id).to_string().into(),
            email: person.user.email.clone(),
            name: person.user.name.clone(),
            organisation: here.map(OrganisationName::of),
            role: here.map(|place| place.role.into()),
            permissions: here
                .into_iter()
                .flat_map(|place| state.policy.actions(place.role))
                .map(Permission::from)
                .collect(),
            memberships: person
                .memberships
                .iter()
                .map(|place| Membership {
                    id: place.member.to_string().into(),
                    organisation: OrganisationName::of(place),
                    role: place.role.into(),
                })
                .collect(),
        }
    }
}

impl OrganisationName {
    fn of(place: &Place) -> Self {
        Self {
            id: OrganisationId::from_uuid(place.organisation.id).to_string().into(),
            name: place.organisation.name.clone(),
            hash: place.organisation.hash.clone(),
        }
    }
}
