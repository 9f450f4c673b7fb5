//! What operations do, once the role was judged: look up inside the tenant, change in one transaction, tell the nodes.

pub(crate) mod advice;
pub(crate) mod page;
pub(crate) mod reading;
pub(crate) mod revocation;
pub(crate) mod streams;
pub(crate) mod tokens;

use authz::Action;
use entity::audit_entry;
use guard::{Timestamp, Update};
use ids::{AuditId, ChangeId};
use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use serde_json::Value;

use crate::{
    fault::Fault,
    people::Acting,
    publisher::{self, Progress},
    state::State,
    store::Write,
};

/// A change by a person: what is written, its audit entry and its outbox row are one transaction.
pub(crate) struct Work<'a> {
    pub(crate) state: &'a State,
    pub(crate) acting: &'a Acting,
    pub(crate) write: Write,
    /// When it happens.
    pub(crate) at: Timestamp,
}

impl<'a> Work<'a> {
    /// Begins; nothing is kept unless it is finished.
    pub(crate) async fn begin(state: &'a State, acting: &'a Acting) -> Result<Self, Fault> {
        let write = state.store.write().await?;
        Ok(Self {
            state,
            acting,
            write,
            at: state.now(),
        })
    }

    /// Makes it durable, then waits until the nodes have it, a second at most.
    pub(crate) async fn finish(
        self,
        action: Action,
        object: &str,
        detail: Value,
        updates: &[Update],
    ) -> Result<Progress, Fault> {
        let id: ChangeId = self.state.mint();
        self.audit(action, object, detail).await?;
        publisher::record(&*self.write, self.acting.id, id, self.at, updates).await?;
        let followed = self.state.desk.expect(id);
        self.write.commit().await?;
        tracing::info!(organisation.id = %self.acting.id, change.id = %id, action = action.as_str(), "changed");
        Ok(self.state.desk.follow(id, self.at, followed).await)
    }

    /// Makes something durable that the nodes need not know.
    pub(crate) async fn finish_untold(self, action: Action, object: &str, detail: Value) -> Result<(), Fault> {
        self.audit(action, object, detail).await?;
        self.write.commit().await?;
        Ok(())
    }

    async fn audit(&self, action: Action, object: &str, detail: Value) -> Result<(), Fault> {
        let id: AuditId = self.state.mint();
        audit_entry::ActiveModel {
            id: Set(id.uuid()),
            organisation_id: Set(self.acting.id.uuid()),
            actor_id: Set(Some(self.acting.user.uuid())),
            action: Set(action.as_str().to_owned()),
            object: Set(object.to_owned()),
            address: Set(Some(self.acting.address.to_string())),
            detail: Set(detail),
            created_at: Set(self.at.us()),
        }
        .insert(&*self.write)
        .await?;
        Ok(())
    }
}

/// A label that people chose: 1 to `most` characters, none of them a control character.
pub(crate) fn label(field: &str, text: &str, most: usize) -> Result<String, Fault> {
    let text = text.trim();
    let fits = (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned()).ok_or_else(|| {
        Fault::field(
            field,
            "INVALID",
            format!("1 to {most} characters, without control characters"),
        )
    })
}
