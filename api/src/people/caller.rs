//! Who is asking, and in which organisation: what [`identify`](super::identify) finds out anew for every operation.

use std::net::{IpAddr, Ipv4Addr};

use authz::{Action, PlatformAction, Role};
use entity::{api_token, app_user, organisation};
use guard::policy::{Package, Packages};
use ids::{ApiTokenId, MemberId, OrganisationHash, OrganisationId, RequestId, SignInId, UserId};
use uuid::Uuid;

use super::presented::Presented;
use crate::{fault::Fault, publisher::policy, state::State};

/// Who is asking.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) presented: Presented,
    pub(crate) who: Who,
    /// What the request says about the organisation; none where it says nothing and there is none.
    pub(super) acting: Option<Result<Acting, Fault>>,
}

/// What a caller is.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    /// Nobody who is known.
    Nobody,
    /// A signed-in person.
    Person(Box<Person>),
    /// Software with an API token.
    Software(Box<Software>),
}

/// A signed-in person.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) user: app_user::Model,
    pub(crate) sign_in: SignInId,
    /// When the person signed in.
    pub(crate) signed_in_at: i64,
    /// Whether a second factor was shown.
    pub(crate) second_factor: bool,
    pub(crate) memberships: Vec<Membership>,
}

/// A person's place in an organisation.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) member: MemberId,
    pub(crate) organisation: organisation::Model,
    pub(crate) role: Role,
    /// Whether an identity provider gave it, without asking the person.
    pub(crate) given: bool,
    /// Why it cannot be acted on with this sign-in, if it cannot.
    pub(crate) closed: Option<Fault>,
}

/// Software with an API token.
#[derive(Clone, Debug)]
pub(crate) struct Software {
    pub(crate) token: api_token::Model,
    pub(crate) organisation: organisation::Model,
    pub(crate) role: Role,
}

/// Someone in the organisation in which this request acts.
#[derive(Clone, Debug)]
pub(crate) struct Acting {
    pub(crate) actor: Actor,
    pub(crate) role: Role,
    pub(crate) id: OrganisationId,
    pub(crate) hash: OrganisationHash,
    pub(crate) row: organisation::Model,
    /// A person's sign-in, and when it began.
    pub(crate) sign_in: Option<(SignInId, i64)>,
    pub(crate) address: IpAddr,
    pub(crate) request: RequestId,
}

/// By whom something is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct By {
    pub(crate) actor: Actor,
    /// With which role, where it is a role's doing.
    pub(crate) role: Option<Role>,
    pub(crate) address: IpAddr,
    pub(crate) request: RequestId,
}

/// Who acts, as records name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// A member of the organisation.
    Member { user: UserId, member: MemberId },
    /// Software, with a token that this user made.
    Software { token: ApiTokenId, made_by: UserId },
    /// A platform operator.
    Operator(UserId),
    /// Somebody who showed the secret of a link, or a password.
    User(UserId),
    /// The installation itself.
    Platform,
    /// Nobody who is known.
    Nobody,
}

impl By {
    /// The installation itself, of its own accord.
    pub(crate) fn platform(state: &State) -> Self {
        Self {
            actor: Actor::Platform,
            role: None,
            address: Ipv4Addr::UNSPECIFIED.into(),
            request: state.mint(),
        }
    }
}

impl Caller {
    /// The organisation in which the caller acts, if the role allows `action` there. Judged before anything is looked up.
    pub(crate) fn may(&self, state: &State, action: Action) -> Result<&Acting, Fault> {
        let acting = self.acting()?;
        if state.policy.allows(acting.role, action) {
            Ok(acting)
        } else {
            Err(Fault::Forbidden)
        }
    }

    /// The platform operator who asks, if operators may do `action`.
    pub(crate) fn may_on_platform(&self, state: &State, action: PlatformAction) -> Result<Actor, Fault> {
        let operator = match &self.who {
            Who::Nobody => return Err(Fault::Unauthenticated),
            Who::Person(person) => person.user.operator && !self.vouched_for_elsewhere(),
            Who::Software(_) => false,
        };
        match &self.who {
            Who::Person(person) if state.policy.allows_on_platform(operator, action) => {
                Ok(Actor::Operator(UserId::from_uuid(person.user.id)))
            }
            _ => Err(Fault::Forbidden),
        }
    }

    /// What this caller does as `actor`, for records.
    pub(crate) fn by(&self, actor: Actor) -> By {
        By {
            actor,
            role: None,
            address: self.presented.address,
            request: self.presented.request,
        }
    }

    /// Who is signed in.
    pub(crate) fn person(&self) -> Result<&Person, Fault> {
        match &self.who {
            Who::Person(person) => Ok(person),
            Who::Software(_) => Err(Fault::Forbidden),
            Who::Nobody => Err(Fault::Unauthenticated),
        }
    }

    /// Who is signed in, if this sign-in may change something of the account.
    pub(crate) fn account(&self) -> Result<&Person, Fault> {
        let person = self.person()?;
        // INVARIANT: what a customer's identity provider vouches for is worth nothing outside of its organisation, and an
        // account is used in others too.
        if self.vouched_for_elsewhere() {
            return Err(Fault::VouchedFor);
        }
        Ok(person)
    }

    /// The organisation in which the caller acts, whatever the role.
    pub(crate) fn acting(&self) -> Result<&Acting, Fault> {
        if matches!(self.who, Who::Nobody) {
            return Err(Fault::Unauthenticated);
        }
        match &self.acting {
            Some(Ok(acting)) => Ok(acting),
            Some(Err(fault)) => Err(fault.clone()),
            None => Err(Fault::NotFound),
        }
    }

    /// Whether an organisation's identity provider vouched for this sign-in: it is worth nothing elsewhere.
    fn vouched_for_elsewhere(&self) -> bool {
        self.presented.vouched_for
    }
}

impl Acting {
    /// A member who acts without having signed in: the installation on their behalf.
    pub(crate) fn unsigned(
        member: Actor,
        role: Role,
        row: organisation::Model,
        request: RequestId,
    ) -> Result<Self, Fault> {
        Ok(Self {
            actor: member,
            role,
            id: OrganisationId::from_uuid(row.id),
            hash: row.hash.parse().map_err(|error| Fault::bug(&error))?,
            row,
            sign_in: None,
            address: Ipv4Addr::LOCALHOST.into(),
            request,
        })
    }

    /// Whether the role allows `action`; for fields that show more to some.
    pub(crate) fn may(&self, state: &State, action: Action) -> bool {
        state.policy.allows(self.role, action)
    }

    /// The organisation's packages, if `package` is among them.
    pub(crate) async fn needs(&self, state: &State, package: Package) -> Result<Packages, Fault> {
        let packages = policy::packages(state.store.read(), self.id).await?;
        if packages.has(package) {
            Ok(packages)
        } else {
            Err(Fault::PackageRequired(package))
        }
    }

    /// By whom, for records.
    pub(crate) fn by(&self) -> By {
        By {
            actor: self.actor,
            role: Some(self.role),
            address: self.address,
            request: self.request,
        }
    }

    /// The member who acts; software is none.
    pub(crate) fn member(&self) -> Result<(UserId, MemberId), Fault> {
        match self.actor {
            Actor::Member { user, member } => Ok((user, member)),
            _ => Err(Fault::Forbidden),
        }
    }
}

impl Actor {
    /// What columns call its kind.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Member { .. } => "member",
            Self::Software { .. } => "api_token",
            Self::Operator(_) => "operator",
            Self::User(_) => "user",
            Self::Platform => "platform",
            Self::Nobody => "nobody",
        }
    }

    /// The user's or the API token's id, as columns have it.
    pub(crate) fn uuid(self) -> Option<Uuid> {
        match self {
            Self::Member { user, .. } | Self::Operator(user) | Self::User(user) => Some(user.uuid()),
            Self::Software { token, .. } => Some(token.uuid()),
            Self::Platform | Self::Nobody => None,
        }
    }

    /// What tokens for the dashboard's own player name as `user`.
    pub(crate) fn viewer(self) -> String {
        match self {
            Self::Member { member, .. } => member.to_string(),
            Self::Software { token, .. } => token.to_string(),
            Self::Operator(user) | Self::User(user) => user.to_string(),
            Self::Platform | Self::Nobody => "platform".to_owned(),
        }
    }

    /// Whether a `user` is named so.
    pub(crate) fn is_viewer(user: &str) -> bool {
        user.parse::<MemberId>().is_ok() || user.parse::<ApiTokenId>().is_ok() || user.parse::<UserId>().is_ok()
    }
}
