//! Streams: made, edited, stopped, locked, deleted.

use std::time::Duration;

use authz::Action;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{Tenanted, stream};
use guard::{Update, policy::Package, rules::RuleScope};
use ids::{OrganisationHash, OrganisationId, StreamId, StreamName};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, SqlErr};
use serde_json::{Value, json};

use super::{Work, difference, label, packages, rules, tags};
use crate::{
    fault::Fault,
    live::What,
    people::Acting,
    publisher::{Progress, policy},
    state::State,
};

/// What a new stream is to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct New {
    pub(crate) title: Option<String>,
    pub(crate) alias: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) switches: Switches,
    pub(crate) test_source: bool,
}

/// What of a stream is to be different; `None` stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edit {
    /// An empty one takes the title away.
    pub(crate) title: Option<String>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) switches: Switches,
}

/// Whom a stream lets in, and on whose word; `None` stays, and is the organisation's word for a new one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Switches {
    /// The column `secure_playback`.
    pub(crate) secure_playback: Option<&'static str>,
    /// The column `ingest_authorisation`.
    pub(crate) ingest_authorisation: Option<&'static str>,
    /// The column `static_tokens`.
    pub(crate) static_tokens: Option<&'static str>,
    /// The column `backend_tokens`.
    pub(crate) backend_tokens: Option<&'static str>,
    pub(crate) mfa_required: Option<bool>,
    pub(crate) takeover: Option<bool>,
}

impl Switches {
    fn put(self, row: &mut stream::ActiveModel) {
        let columns = [
            (&mut row.secure_playback, self.secure_playback),
            (&mut row.ingest_authorisation, self.ingest_authorisation),
            (&mut row.static_tokens, self.static_tokens),
            (&mut row.backend_tokens, self.backend_tokens),
        ];
        for (column, switch) in columns {
            if let Some(switch) = switch {
                *column = Set(switch.to_owned());
            }
        }
        if let Some(required) = self.mfa_required {
            row.mfa_required = Set(required);
        }
        if let Some(takeover) = self.takeover {
            row.takeover = Set(takeover);
        }
    }
}

/// A stream after a change, and how far the change got.
pub(crate) type Changed = (stream::Model, Progress);

/// The stream of that name, if it is the organisation's.
pub(crate) async fn by_name(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    name: &str,
) -> Result<stream::Model, Fault> {
    let name: StreamName = name.parse().map_err(|_| Fault::NotFound)?;
    stream::Entity::in_tenant(organisation)
        .filter(stream::Column::Name.eq(name.as_str()))
        .filter(stream::Column::DeletedAt.is_null())
        .one(connection)
        .await?
        .ok_or(Fault::NotFound)
}

/// Makes a stream.
pub(crate) async fn create(state: &State, acting: &Acting, new: New) -> Result<Changed, Fault> {
    let chosen = new
        .alias
        .as_deref()
        .map(|alias| StreamName::with_alias(acting.hash, alias))
        .transpose()
        .map_err(|error| Fault::field("alias", "INVALID", error.to_string()))?;
    let title = new
        .title
        .as_deref()
        .map(|title| label("title", title, TITLE))
        .transpose()?;
    let tags = tags::parse(&new.tags)?;
    let id: StreamId = state.mint();
    let work = Work::begin(state, acting).await?;
    packages::one_stream_more(&work).await?;
    let name = match chosen {
        Some(name) => name,
        None => free_name(&work, acting.hash).await?,
    };
    let mut row = stream::ActiveModel {
        id: Set(id.uuid()),
        organisation_id: Set(acting.id.uuid()),
        name: Set(name.to_string()),
        title: Set(title),
        standing: Set("active".to_owned()),
        secure_playback: Set("inherit".to_owned()),
        ingest_authorisation: Set("inherit".to_owned()),
        ingest_key_sealed: Set(sealed_key(state, id)),
        test_source: Set(new.test_source),
        created_at: Set(work.at.us()),
        last_live_at: Set(None),
        deleted_at: Set(None),
        group_id: Set(None),
        static_tokens: Set("inherit".to_owned()),
        backend_tokens: Set("inherit".to_owned()),
        mfa_required: Set(false),
        takeover: Set(false),
    };
    new.switches.put(&mut row);
    let row = row.insert(&*work.write).await.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Fault::field(
            "alias",
            "TAKEN",
            "there is, or was, a stream of that name; names are not used twice",
        ),
        _ => error.into(),
    })?;
    tags::put(&work, id, &tags).await?;
    let mut detail = settings(&row);
    detail["tags"] = json!(tags);
    tell(work, Action::StreamCreate, row, detail).await
}

/// A name that no stream has or had: a crowd of streams would meet now and then.
async fn free_name(work: &Work<'_>, hash: OrganisationHash) -> Result<StreamName, Fault> {
    loop {
        let name = StreamName::mint(hash, work.state.entropy.bytes());
        let same = stream::Entity::in_tenant(work.organisation).filter(stream::Column::Name.eq(name.as_str()));
        if same.one(&*work.write).await?.is_none() {
            return Ok(name);
        }
    }
}

/// Edits a stream.
pub(crate) async fn edit(state: &State, acting: &Acting, name: &str, edit: Edit) -> Result<Changed, Fault> {
    let work = Work::begin(state, acting).await?;
    let found = by_name(&*work.write, acting.id, name).await?;
    let id = StreamId::from_uuid(found.id);
    let mut before = settings(&found);
    let mut row = found.into_active_model();
    if let Some(title) = edit.title {
        let title = Some(title.as_str()).filter(|title| !title.trim().is_empty());
        row.title = Set(title.map(|title| label("title", title, TITLE)).transpose()?);
    }
    let tags = edit.tags.as_deref().map(tags::parse).transpose()?;
    edit.switches.put(&mut row);
    let row = save(&work, row).await?;
    let mut after = settings(&row);
    if let Some(tags) = tags {
        before["tags"] = json!(tags_of(&work, id).await?);
        after["tags"] = json!(tags);
        tags::put(&work, id, &tags).await?;
    }
    tell(work, Action::StreamUpdate, row, difference(before, after)).await
}

/// Ends the publisher and bars its key.
pub(crate) async fn stop(state: &State, acting: &Acting, name: &str) -> Result<Changed, Fault> {
    stand(state, acting, Action::StreamStop, name, |row| {
        match row.standing.as_str() {
            "locked" => Err(locked()),
            _ => Ok("stopped"),
        }
    })
    .await
}

/// Lets a stopped stream be published again.
pub(crate) async fn start(state: &State, acting: &Acting, name: &str) -> Result<Changed, Fault> {
    stand(state, acting, Action::StreamStart, name, |row| {
        match row.standing.as_str() {
            "locked" => Err(locked()),
            _ => Ok("active"),
        }
    })
    .await
}

/// Ends the publisher, bars its key and refuses viewers.
pub(crate) async fn lock(state: &State, acting: &Acting, name: &str) -> Result<Changed, Fault> {
    stand(state, acting, Action::StreamLock, name, |_| Ok("locked")).await
}

/// Takes the lock off; what is not locked stays as it is.
pub(crate) async fn unlock(state: &State, acting: &Acting, name: &str) -> Result<Changed, Fault> {
    stand(state, acting, Action::StreamUnlock, name, |row| {
        match row.standing.as_str() {
            "stopped" => Ok("stopped"),
            _ => Ok("active"),
        }
    })
    .await
}

/// Deletes a stream, and the rules for it alone; its name is not used again.
pub(crate) async fn delete(state: &State, acting: &Acting, name: &str) -> Result<Changed, Fault> {
    let work = Work::begin(state, acting).await?;
    let found = by_name(&*work.write, acting.id, name).await?;
    let id = StreamId::from_uuid(found.id);
    let mut before = settings(&found);
    before["tags"] = json!(tags_of(&work, id).await?);
    let mut row = found.into_active_model();
    row.deleted_at = Set(Some(work.at.us()));
    row.test_source = Set(false);
    row.group_id = Set(None);
    let row = save(&work, row).await?;
    tags::put(&work, id, &[]).await?;
    let changed = tell(work, Action::StreamDelete, row, json!({ "before": before })).await?;
    // Alert rules that name it, or that await it, do so no more.
    state.alerts.rules_changed();
    Ok(changed)
}

/// Replaces the secret key; whoever publishes with the old one is decided again.
pub(crate) async fn rotate_key(state: &State, acting: &Acting, name: &str) -> Result<Changed, Fault> {
    let work = Work::begin(state, acting).await?;
    let found = by_name(&*work.write, acting.id, name).await?;
    let id = StreamId::from_uuid(found.id);
    let mut row = found.into_active_model();
    row.ingest_key_sealed = Set(sealed_key(state, id));
    let row = save(&work, row).await?;
    tell(work, Action::IngestKeyRotate, row, json!({})).await
}

/// Has the built-in test source publish the stream, until it is stopped.
pub(crate) async fn start_test_source(state: &State, acting: &Acting, name: &str) -> Result<Changed, Fault> {
    acting.needs(state, Package::Live).await?;
    let before = by_name(state.store.read(), acting.id, name).await?;
    if !before.test_source {
        // Whom a stop has just sent away takes a moment to be gone. One who stays is refused below.
        let gone = async {
            while state.live.is_live(StreamId::from_uuid(before.id)) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(1), gone).await;
    }
    let work = Work::begin(state, acting).await?;
    let found = by_name(&*work.write, acting.id, name).await?;
    match found.standing.as_str() {
        "locked" => return Err(locked()),
        "stopped" => return Err(Fault::field("name", "STOPPED", "the stream is stopped: start it first")),
        _ => {}
    }
    if state.live.is_live(StreamId::from_uuid(found.id)) && !found.test_source {
        return Err(Fault::field("name", "IN_USE", "the stream has a publisher already"));
    }
    let mut row = found.into_active_model();
    row.test_source = Set(true);
    let row = save(&work, row).await?;
    tell(work, Action::TestSourceStart, row, json!({})).await
}

async fn stand(
    state: &State,
    acting: &Acting,
    action: Action,
    name: &str,
    standing: impl FnOnce(&stream::Model) -> Result<&'static str, Fault>,
) -> Result<Changed, Fault> {
    let work = Work::begin(state, acting).await?;
    let found = by_name(&*work.write, acting.id, name).await?;
    let standing = standing(&found)?;
    let is_over = ends(&found.standing, standing);
    let before = settings(&found);
    let mut row = found.into_active_model();
    row.standing = Set(standing.to_owned());
    if standing == "stopped" {
        // The test source is a publisher, and a stop ends it for good.
        row.test_source = Set(false);
    }
    let row = save(&work, row).await?;
    let detail = difference(before, settings(&row));
    let changed = tell(work, action, row, detail).await?;
    if is_over {
        state.alerts.rules_changed();
    }
    Ok(changed)
}

/// Whether a stream that went from one standing to the other is awaited no more by rules on streams that go offline.
fn ends(before: &str, after: &str) -> bool {
    before == "active" && after != "active"
}

async fn save(work: &Work<'_>, row: stream::ActiveModel) -> Result<stream::Model, Fault> {
    Ok(row.update(&*work.write).await?)
}

/// Tells the nodes, then whoever subscribed.
async fn tell(work: Work<'_>, action: Action, row: stream::Model, mut detail: Value) -> Result<Changed, Fault> {
    let (state, organisation, at) = (work.state, work.organisation, work.at);
    let id = StreamId::from_uuid(row.id);
    let updates = if row.deleted_at.is_some() {
        let mut updates = rules::remove_of(&work, RuleScope::Stream(id)).await?;
        detail["rules"] = rules::removed(&updates);
        updates.push(Update::StreamDeleted { organisation, id });
        updates
    } else {
        vec![Update::Stream(policy::stream(state, &row)?)]
    };
    let progress = work.finish(action, &row.name, detail, &updates).await?;
    state.live.tell(organisation, at, What::Stream(Box::new(row.clone())));
    Ok((row, progress))
}

/// What of a stream the audit log compares.
fn settings(row: &stream::Model) -> Value {
    json!({
        "title": row.title,
        "standing": row.standing,
        "securePlayback": row.secure_playback,
        "ingestAuthorisation": row.ingest_authorisation,
        "staticTokens": row.static_tokens,
        "backendTokens": row.backend_tokens,
        "mfaRequired": row.mfa_required,
        "takeover": row.takeover,
        "testSource": row.test_source,
    })
}

async fn tags_of(work: &Work<'_>, id: StreamId) -> Result<Vec<String>, Fault> {
    let mut tags = tags::of_streams(&*work.write, work.organisation, [id.uuid()]).await?;
    Ok(tags.remove(&id.uuid()).unwrap_or_default())
}

/// 128 random bits, in 22 characters that fit into any URL.
fn sealed_key(state: &State, stream: StreamId) -> Vec<u8> {
    let key = URL_SAFE_NO_PAD.encode(state.entropy.bytes::<16>());
    state.seal.close(&policy::ingest_key_place(stream), key.as_bytes())
}

fn locked() -> Fault {
    Fault::field("name", "LOCKED", "the stream is locked: unlock it first")
}

const TITLE: usize = 200;

#[cfg(test)]
mod tests {
    use super::ends;

    #[test]
    fn alert_rules_are_read_anew_for_a_stream_that_was_awaited_until_then_and_for_no_other() {
        let all = ["active", "stopped", "locked"];
        let pairs = all.into_iter().flat_map(|before| all.map(|after| (before, after)));
        let read: Vec<_> = pairs.filter(|(before, after)| ends(before, after)).collect();
        assert_eq!(read, [("active", "stopped"), ("active", "locked")]);
    }
}
