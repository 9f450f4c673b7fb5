//! Who is asking.

use async_graphql::{ComplexObject, Context, Enum, ID, Result, SimpleObject};
use entity::organisation;
use ids::{ApiTokenId, OrganisationId, UserId};

use super::{SecondFactor, SignIn};
use crate::{
    fault::Fault,
    graphql::state,
    people::{Caller, Membership as Place, Who, factor::Factors, sign_ins},
    state::State,
};

/// Who is asking, and what they may do here.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub(crate) struct Viewer {
    /// The person's id, or the API token's.
    id: ID,
    /// What it is.
    kind: ViewerKind,
    /// The address with which a person signs in; none for software.
    email: Option<String>,
    /// What others see.
    name: String,
    /// The organisation in which this request acts; none where the caller belongs to none, or to one that is closed to this
    /// sign-in.
    organisation: Option<OrganisationName>,
    /// The caller's role in it.
    role: Option<Role>,
    /// What that role may do.
    permissions: Vec<Permission>,
    /// Whether this is a platform operator.
    operator: bool,
    /// Every organisation that the person belongs to, the newest membership first; for software its one.
    memberships: Vec<Membership>,
    /// Whom it is about.
    #[graphql(skip)]
    caller: Caller,
}

#[ComplexObject]
impl Viewer {
    /// The person's sign-ins, the newest first; none for software. Who was vouched for by an organisation's identity
    /// provider sees what that one vouched for.
    async fn sign_ins(&self, context: &Context<'_>) -> Result<Vec<SignIn>> {
        match &self.caller.who {
            Who::Person(person) => {
                let rows = sign_ins::own(state(context), person).await?;
                Ok(rows.into_iter().map(|row| SignIn::of(row, &self.caller)).collect())
            }
            Who::Software(_) | Who::Nobody => Ok(vec![]),
        }
    }

    /// What the person has beside the password; none for software, and for who was vouched for by an organisation's identity
    /// provider.
    async fn second_factor(&self, context: &Context<'_>) -> Result<Option<SecondFactor>> {
        let Ok(person) = self.caller.account() else {
            return Ok(None);
        };
        let state = state(context);
        let factors = Factors::of(state.store.read(), person.user.id).await?;
        Ok(Some(SecondFactor::of(state, factors)))
    }
}

/// What a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum ViewerKind {
    /// A signed-in person.
    User,
    /// Software with a member's API token.
    ApiToken,
    /// Software with the organisation's API key.
    ApiKey,
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
    /// Why this sign-in cannot act there; none where it can.
    closed: Option<Closed>,
}

/// Why a sign-in cannot act in an organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum Closed {
    /// It was ended there, or never counted there: sign in again.
    SignInAgain,
    /// The organisation wants a second factor.
    SecondFactorRequired,
    /// The organisation is suspended.
    OrganisationSuspended,
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
    /// End a viewer's session.
    SessionEnd,
    /// End a broadcaster's session.
    SessionEndBroadcast,
    /// See why somebody was refused, or would be.
    Explain,
    /// Read what was watched and refused; by token and address with the right to see those.
    AnalyticsRead,
    /// Read misuse cases, and take their reports away.
    CaseRead,
    /// Open, fill, annotate, close and delete misuse cases.
    CaseWrite,
    /// Read what is suggested, and done, about whom misuse is found in.
    ResponseRead,
    /// Suggest, approve, refuse and take back what is done about whom misuse is found in.
    ResponseWrite,
    /// Follow a change on its way to the nodes.
    ChangeRead,
    /// Read the records of tokens; never a token itself.
    TokenRead,
    /// Make playback and publish tokens, and handles.
    TokenCreate,
    /// Have a token looked at: who signed it, what it says, what could be better about it.
    TokenLint,
    /// Revoke one token, a user's or a tag's.
    TokenRevoke,
    /// Revoke by stream, signing key or moment of issue.
    TokenRevokeBulk,
    /// Ban a viewer, and take that back.
    ViewerBan,
    /// Erase a viewer from what is remembered.
    ViewerErase,
    /// Put static tokens into the list, and take them out.
    StaticTokenWrite,
    /// Read Guardian rules.
    RuleRead,
    /// Try a rule on sessions, without making it.
    RuleSimulate,
    /// Make, change and delete rules on viewers, except those that reach everybody or very many.
    RuleWrite,
    /// Make, change and delete rules on broadcasters, and those that reach everybody or very many.
    RuleWriteWide,
    /// Create streams.
    StreamCreate,
    /// Change a stream's title, tags and settings.
    StreamUpdate,
    /// Open a stream's playback or ingest to everybody.
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
    /// Add a key of the organisation's own, with which its tokens are signed elsewhere.
    SigningKeyAdd,
    /// Sign with a new key from now on.
    SigningKeyRotate,
    /// Remove a signing key, and end what it signed.
    SigningKeyRemove,
    /// Search the organisation; what is found is what the role may read.
    Search,
    /// Take a tag off every stream.
    TagDelete,
    /// Make stream groups.
    GroupCreate,
    /// Change stream groups, and which streams are in them.
    GroupUpdate,
    /// Delete stream groups; their streams stay.
    GroupDelete,
    /// List members and invitations.
    MemberRead,
    /// Invite, resend and withdraw.
    MemberInvite,
    /// Change a member's role.
    MemberChangeRole,
    /// Remove a member.
    MemberRemove,
    /// Invalidate a member's access, or end one of their sign-ins.
    MemberInvalidate,
    /// One's own password, second factor, sign-ins and API tokens.
    AccountUse,
    /// List and revoke everybody's API tokens.
    ApiTokenManage,
    /// Make or replace the organisation's API key.
    ApiKeyRotate,
    /// Change the organisation's settings.
    OrganisationUpdate,
    /// Ask the platform operators for a package.
    PackageRequest,
    /// Read the organisation's identity provider; never its secret.
    ProviderRead,
    /// Set or remove the organisation's identity provider.
    ProviderUpdate,
    /// Read the organisation's webhooks and their log; never a secret.
    WebhookRead,
    /// Set and remove webhooks, and rotate their secrets.
    WebhookUpdate,
    /// Call a webhook to try it, or once more.
    WebhookTest,
    /// Read alerts and their rules.
    AlertRead,
    /// Take an alert on, which ends its reminders.
    AlertAcknowledge,
    /// Make, change, mute and delete alert rules.
    AlertRuleWrite,
    /// Read where alerts go, and what came of it.
    AlertReceiverRead,
    /// Set and remove receivers of alerts.
    AlertReceiverUpdate,
    /// Send a trial to a receiver of alerts.
    AlertReceiverTest,
    /// Read the audit log.
    AuditRead,
}

impl Viewer {
    /// A caller who acts in the organisation `acting`.
    pub(crate) fn of(state: &State, caller: &Caller, acting: Option<OrganisationId>) -> Result<Self, Fault> {
        let permissions = |role: authz::Role| state.policy.actions(role).map(Permission::from).collect();
        match &caller.who {
            Who::Nobody => Err(Fault::Unauthenticated),
            Who::Person(person) => {
                let here = person
                    .memberships
                    .iter()
                    .find(|place| Some(OrganisationId::from_uuid(place.organisation.id)) == acting);
                Ok(Self {
                    id: UserId::from_uuid(person.user.id).to_string().into(),
                    kind: ViewerKind::User,
                    email: Some(person.user.email.clone()),
                    name: person.user.name.clone(),
                    organisation: here.map(|place| OrganisationName::of(&place.organisation)),
                    role: here.map(|place| place.role.into()),
                    permissions: here.map_or_else(Vec::new, |place| permissions(place.role)),
                    operator: person.user.operator && !caller.presented.vouched_for,
                    memberships: person.memberships.iter().map(Membership::of).collect(),
                    caller: caller.clone(),
                })
            }
            Who::Software(software) => {
                let organisation = OrganisationName::of(&software.organisation);
                let here = acting.is_some();
                let id = ApiTokenId::from_uuid(software.token.id).to_string();
                Ok(Self {
                    id: id.clone().into(),
                    kind: match software.token.member_id {
                        Some(_) => ViewerKind::ApiToken,
                        None => ViewerKind::ApiKey,
                    },
                    email: None,
                    name: software.token.name.clone(),
                    organisation: here.then(|| organisation.clone()),
                    role: here.then(|| software.role.into()),
                    permissions: if here { permissions(software.role) } else { vec![] },
                    operator: false,
                    memberships: vec![Membership {
                        id: id.into(),
                        organisation,
                        role: software.role.into(),
                        closed: (!here).then_some(Closed::OrganisationSuspended),
                    }],
                    caller: caller.clone(),
                })
            }
        }
    }
}

impl Membership {
    fn of(place: &Place) -> Self {
        Self {
            id: place.member.to_string().into(),
            organisation: OrganisationName::of(&place.organisation),
            role: place.role.into(),
            closed: place.closed.as_ref().map(|closed| match closed {
                Fault::SecondFactorRequired => Closed::SecondFactorRequired,
                Fault::Suspended => Closed::OrganisationSuspended,
                _ => Closed::SignInAgain,
            }),
        }
    }
}

impl OrganisationName {
    /// An organisation's name, from its row.
    pub(crate) fn of(row: &organisation::Model) -> Self {
        Self {
            id: OrganisationId::from_uuid(row.id).to_string().into(),
            name: row.name.clone(),
            hash: row.hash.clone(),
        }
    }
}
