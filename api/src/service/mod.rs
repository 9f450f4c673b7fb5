//! What operations do, once the role was judged: look up inside the tenant, change in one transaction, tell the nodes.

pub(crate) mod advice;
pub(crate) mod alert_receivers;
pub(crate) mod alert_rules;
pub(crate) mod alerts;
pub(crate) mod api_tokens;
pub(crate) mod audit_log;
pub(crate) mod bans;
pub(crate) mod believed;
pub(crate) mod cases;
pub(crate) mod concerning;
pub(crate) mod decisions;
pub(crate) mod exports;
pub(crate) mod groups;
pub(crate) mod handles;
pub(crate) mod invitations;
pub(crate) mod lint;
pub(crate) mod members;
pub(crate) mod organisations;
pub(crate) mod packages;
pub(crate) mod page;
pub(crate) mod proof;
pub(crate) mod reading;
pub(crate) mod responses;
pub(crate) mod restrictions;
pub(crate) mod revocation;
pub(crate) mod rule_export;
pub(crate) mod rule_file;
pub(crate) mod rule_import;
pub(crate) mod rules;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
pub(crate) mod simulation;
pub(crate) mod static_tokens;
pub(crate) mod streams;
pub(crate) mod tags;
pub(crate) mod tokens;
pub(crate) mod webhooks;

use entity::response;
use guard::{Timestamp, Update};
use ids::{ChangeId, OrganisationId};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::{
    audit,
    fault::Fault,
    people::{Acting, By, still_stands},
    publisher::{self, Progress},
    state::State,
    store::Write,
    webhooks::notices,
};

/// A change, by a person or the platform: what is written, its audit entry and its outbox row are one transaction.
pub(crate) struct Work<'a> {
    pub(crate) state: &'a State,
    /// In which organisation.
    pub(crate) organisation: OrganisationId,
    pub(crate) write: Write,
    /// When it happens.
    pub(crate) at: Timestamp,
    by: By,
    personal: Value,
    /// What became of responses to misuse by it.
    responses: Vec<Option<response::Model>>,
}

impl<'a> Work<'a> {
    /// Begins; nothing is kept unless it is finished. Changes of one organisation take turns, and whoever lost their access
    /// or role in the meantime changes nothing any more.
    pub(crate) async fn begin(state: &'a State, acting: &Acting) -> Result<Self, Fault> {
        let work = Self::on(state, acting.id, acting.by()).await?;
        still_stands(&*work.write, acting, work.at).await?;
        Ok(work)
    }

    /// Begins a change to an organisation by somebody who need not be its member.
    pub(crate) async fn on(state: &'a State, organisation: OrganisationId, by: By) -> Result<Self, Fault> {
        Ok(Self {
            state,
            organisation,
            write: state.store.write_in(organisation).await?,
            at: state.now(),
            personal: audit::from_address(by.address),
            by,
            responses: Vec::new(),
        })
    }

    /// Whom it concerns, for the audit entry: outside its hash, so that it can be erased.
    pub(crate) fn concerning(mut self, email: &str) -> Self {
        if let Some(personal) = self.personal.as_object_mut() {
            personal.insert("email".to_owned(), email.into());
        }
        self
    }

    /// An object that is a person's name for themselves, for the audit entry: outside its hash too.
    pub(crate) fn about(mut self, object: &str) -> Self {
        if let Some(personal) = self.personal.as_object_mut() {
            personal.insert("object".to_owned(), object.into());
        }
        self
    }

    /// What becomes of responses to misuse by it, which subscriptions are told once it is durable; none: one is forgotten.
    pub(crate) fn telling(mut self, responses: impl IntoIterator<Item = Option<response::Model>>) -> Self {
        self.responses.extend(responses);
        self
    }

    /// Makes it durable, then waits until the nodes have it, a second at most.
    pub(crate) async fn finish(
        self,
        action: impl Into<&'static str>,
        object: &str,
        detail: Value,
        updates: &[Update],
    ) -> Result<Progress, Fault> {
        let (state, at) = (self.state, self.at);
        let (id, followed) = self.commit(action.into(), object, detail, updates).await?;
        Ok(state.desk.follow(id, at, followed).await)
    }

    /// Makes it durable, and waits for no node.
    pub(crate) async fn finish_unfollowed(
        self,
        action: impl Into<&'static str>,
        object: &str,
        detail: Value,
        updates: &[Update],
    ) -> Result<(), Fault> {
        let state = self.state;
        self.commit(action.into(), object, detail, updates).await?;
        state.desk.hurry();
        Ok(())
    }

    async fn commit(
        self,
        action: &'static str,
        object: &str,
        detail: Value,
        updates: &[Update],
    ) -> Result<(ChangeId, oneshot::Receiver<Progress>), Fault> {
        let id: ChangeId = self.state.mint();
        self.audit(action, object, detail).await?;
        let named = (id, action);
        publisher::record(
            &self.state.seal,
            &*self.write,
            self.organisation,
            named,
            self.at,
            updates,
        )
        .await?;
        let called = notices::of_change(&self, id, updates).await?;
        let followed = self.state.desk.expect(id, updates.to_vec());
        self.write.commit().await?;
        self.state.responses.tell(self.organisation, self.responses);
        if called {
            self.state.hooks.wake();
        }
        tracing::info!(organisation.id = %self.organisation, change.id = %id, action, "changed");
        Ok((id, followed))
    }

    /// Makes something durable that the nodes need not know.
    pub(crate) async fn finish_untold(
        self,
        action: impl Into<&'static str>,
        object: &str,
        detail: Value,
    ) -> Result<(), Fault> {
        let action = action.into();
        self.audit(action, object, detail).await?;
        self.write.commit().await?;
        self.state.responses.tell(self.organisation, self.responses);
        tracing::info!(organisation.id = %self.organisation, action, "changed");
        Ok(())
    }

    async fn audit(&self, action: &'static str, object: &str, detail: Value) -> Result<(), Fault> {
        let entry = audit::Entry {
            organisation: Some(self.organisation),
            actor: self.by.actor,
            role: self.by.role,
            action,
            object: object.to_owned(),
            detail,
            personal: self.personal.clone(),
            request: Some(self.by.request),
            at: self.at,
        };
        Ok(audit::append(self.state, &*self.write, entry).await?)
    }
}

/// What an audit entry says of a change: the fields that differ, before and after.
pub(crate) fn difference(before: Value, after: Value) -> Value {
    let (Value::Object(mut before), Value::Object(mut after)) = (before, after) else {
        return Value::Null;
    };
    let same: Vec<_> = after
        .iter()
        .filter(|(field, value)| before.get(*field) == Some(*value))
        .map(|(field, _)| field.clone())
        .collect();
    for field in same {
        before.remove(&field);
        after.remove(&field);
    }
    serde_json::json!({ "before": before, "after": after })
}

/// A label that people chose: 1 to `most` characters, none of which controls a terminal or turns the direction of what is
/// beside it.
pub(crate) fn label(field: &str, text: &str, most: usize) -> Result<String, Fault> {
    let text = text.trim();
    let fits = (1..=most).contains(&text.chars().count()) && !text.chars().any(|one| one.is_control() || turns(one));
    fits.then(|| text.to_owned()).ok_or_else(|| {
        Fault::field(
            field,
            "INVALID",
            format!("1 to {most} characters, without control characters and marks of direction"),
        )
    })
}

/// Whether it is one of the marks with which Unicode turns the direction of text (UAX #9, 2): a name could read as another.
fn turns(one: char) -> bool {
    matches!(one, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
