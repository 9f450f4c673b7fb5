//! Members of the organisation, and signed-in browsers.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_graphql::{
    Context, ID, Object, Result, SimpleObject,
    dataloader::{DataLoader, Loader},
};
use authz::Action;
use chrono::{DateTime, Utc};
use entity::sign_in;
use ids::{MemberId, SignInId, UserId};
use uuid::Uuid;

use super::{Role, page::connection};
use crate::{
    fault::Fault,
    graphql::{caller, state},
    people::{Acting, Caller, Who, factor, sign_ins},
    service::members::Known,
    state::State,
};

/// A person's place in the organisation, with exactly one role.
#[derive(Clone)]
pub(crate) struct Member {
    known: Known,
    role: authz::Role,
    place: sign_ins::Place,
}

connection!(
    /// Members of the organisation.
    MemberConnection,
    MemberEdge,
    Member
);

#[Object]
impl Member {
    /// Its id; what tokens for the dashboard's own player name as `user`.
    async fn id(&self) -> ID {
        MemberId::from_uuid(self.known.member.id).to_string().into()
    }

    /// The person's id.
    async fn user(&self) -> ID {
        UserId::from_uuid(self.known.user.id).to_string().into()
    }

    /// What others see.
    async fn name(&self) -> &str {
        &self.known.user.name
    }

    /// The address with which the person signs in.
    async fn email(&self) -> &str {
        &self.known.user.email
    }

    /// What the person may do here.
    async fn role(&self) -> Role {
        self.role.into()
    }

    /// Since when.
    async fn joined_at(&self) -> DateTime<Utc> {
        super::moment(self.known.member.created_at)
    }

    /// When a sign-in that acts here was last used, to the hour; none where there is none.
    async fn last_seen_at(&self, context: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        let rows = self.rows(context).await?;
        Ok(rows.iter().map(|row| row.used_at).max().map(super::moment))
    }

    /// Whether the person has a second factor; of who is here by the organisation's identity provider, whether that one
    /// says so.
    async fn second_factor(&self, context: &Context<'_>) -> Result<bool> {
        if self.known.member.given {
            return Ok(self.rows(context).await?.iter().any(|row| row.second_factor));
        }
        let accounts = context.data_unchecked::<DataLoader<Accounts>>();
        Ok(accounts.load_one(self.known.user.id).await?.unwrap_or(false))
    }

    /// The person's sign-ins that act here, the newest first; for administrators.
    async fn sign_ins(&self, context: &Context<'_>) -> Result<Option<Vec<SignIn>>> {
        let caller = caller(context);
        caller.may(state(context), Action::MemberInvalidate)?;
        let rows = self.rows(context).await?;
        Ok(Some(rows.into_iter().map(|row| SignIn::of(row, caller)).collect()))
    }
}

impl Member {
    /// A member of the organisation in which `acting` acts.
    pub(crate) fn of(acting: &Acting, known: Known) -> Result<Self, Fault> {
        Ok(Self {
            role: known.member.role.parse().map_err(|error| Fault::bug(&error))?,
            place: sign_ins::Place::of(acting, &known.member),
            known,
        })
    }

    /// What its cursor is made of.
    pub(crate) fn key(&self) -> String {
        MemberId::from_uuid(self.known.member.id).to_string()
    }

    async fn rows(&self, context: &Context<'_>) -> Result<Vec<sign_in::Model>> {
        let accounts = context.data_unchecked::<DataLoader<Accounts>>();
        Ok(accounts.load_one(self.place).await?.unwrap_or_default())
    }
}

/// A signed-in browser.
#[derive(Clone, Debug, SimpleObject)]
pub(crate) struct SignIn {
    /// Its id.
    id: ID,
    /// Whether it is the one that asks.
    current: bool,
    /// From where the person signed in.
    address: String,
    /// With what the person signed in.
    user_agent: Option<String>,
    /// When the person signed in.
    created_at: DateTime<Utc>,
    /// When it was last used, to the hour.
    last_used_at: DateTime<Utc>,
    /// Whether a second factor was shown.
    second_factor: bool,
    /// How the person proved who they are, as in `password`.
    how: Option<String>,
}

impl SignIn {
    pub(crate) fn of(row: sign_in::Model, caller: &Caller) -> Self {
        let id = SignInId::from_uuid(row.id);
        Self {
            id: id.to_string().into(),
            current: matches!(&caller.who, Who::Person(person) if person.sign_in == id),
            address: row.address,
            user_agent: row.user_agent,
            created_at: super::moment(row.created_at),
            last_used_at: super::moment(row.used_at),
            second_factor: row.second_factor,
            how: row.how,
        }
    }
}

/// What hangs from people's accounts, read once for a whole list.
pub(crate) struct Accounts(pub(crate) Arc<State>);

impl Loader<sign_ins::Place> for Accounts {
    type Value = Vec<sign_in::Model>;
    type Error = Fault;

    async fn load(&self, places: &[sign_ins::Place]) -> Result<HashMap<sign_ins::Place, Vec<sign_in::Model>>, Fault> {
        sign_ins::of_places(&self.0, places).await
    }
}

impl Loader<Uuid> for Accounts {
    type Value = bool;
    type Error = Fault;

    async fn load(&self, users: &[Uuid]) -> Result<HashMap<Uuid, bool>, Fault> {
        let those: HashSet<Uuid> = factor::who_has_one(&self.0, users).await?;
        Ok(users.iter().map(|user| (*user, those.contains(user))).collect())
    }
}
