//! The mails that a demo keeps, for its page; the newest first.

use entity::{Table, mail};
use sea_orm::{QueryOrder, QuerySelect};

use super::{Content, Letter, content};
use crate::{fault::Fault, state::State};

/// A mail, and what it says; none where it was never written.
pub(crate) struct Kept {
    pub(crate) row: mail::Model,
    pub(crate) letter: Option<Letter>,
}

/// The newest ones. Anywhere but in a demo there is nothing to show: what was sent is gone.
pub(crate) async fn kept(state: &State) -> Result<Vec<Kept>, Fault> {
    let rows = mail::Entity::across_tenants("the demo's page of mails")
        .order_by_desc(mail::Column::Id)
        .limit(SHOWN)
        .all(state.store.read())
        .await?;
    rows.into_iter()
        .map(|row| {
            let letter = match content(state, &row)? {
                Some(Content::Written(letter)) => Some(letter),
                Some(Content::Forgotten { .. }) | None => None,
            };
            Ok(Kept { row, letter })
        })
        .collect()
}

const SHOWN: u64 = 100;
