//! Until when responses hold tokens and viewers, as it stands beside them in views.

use std::collections::HashMap;

use entity::{Tenanted, response};
use guard::Timestamp;
use ids::OrganisationId;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, sea_query::ExprTrait};

use super::Standing;
use crate::analytics::findings::{TOKEN, USER};

/// Which of some tokens and viewers are held, and until when.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holds {
    tokens: HashMap<String, Timestamp>,
    users: HashMap<String, Timestamp>,
}

impl Holds {
    /// Those of these tokens, by their ids, and of these viewers that are held at `now`.
    pub(crate) async fn among(
        connection: &impl ConnectionTrait,
        organisation: OrganisationId,
        tokens: Vec<String>,
        users: Vec<String>,
        now: Timestamp,
    ) -> Result<Self, DbErr> {
        use response::Column;
        let of_token = Column::Kind.eq(TOKEN).and(Column::Subject.is_in(tokens));
        let of_user = Column::Kind.eq(USER).and(Column::Subject.is_in(users));
        let rows = response::Entity::in_tenant(organisation)
            .filter(Standing::Applied.filter(now.us()))
            .filter(of_token.or(of_user))
            .all(connection)
            .await?;
        let mut holds = Self::default();
        for row in rows {
            let Some(until) = row.until_at.map(Timestamp::from_us) else {
                continue;
            };
            let held = if row.kind == TOKEN {
                &mut holds.tokens
            } else {
                &mut holds.users
            };
            let longest = held.entry(row.subject).or_insert(until);
            *longest = until.max(*longest);
        }
        Ok(holds)
    }

    /// Until when whoever shows the token is kept out: by itself, unless it cannot be revoked, or with its viewer.
    pub(crate) fn of_token(&self, (jti, revocable): (&str, bool), user: Option<&str>) -> Option<Timestamp> {
        let own = self.tokens.get(jti).copied().filter(|_| revocable);
        own.max(user.and_then(|user| self.of_user(user)))
    }

    /// Until when whoever shows a token of the viewer is kept out.
    pub(crate) fn of_user(&self, user: &str) -> Option<Timestamp> {
        self.users.get(user).copied()
    }
}
