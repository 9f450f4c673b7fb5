//! Ending a session: at once, on every node, and for a while. Durable before it is answered.

use std::{net::IpAddr, sync::Arc};

use authz::Action;
use entity::{Table, Tenanted, playback_token, session, session_bar};
use guard::{
    Door, Timestamp, Update,
    policy::{Bar, Barred},
};
use ids::{OrganisationId, SessionId, StreamId};
use link::SessionFacts;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, sea_query::OnConflict};
use serde_json::json;

use super::{Work, tokens};
use crate::{
    analytics::standing,
    fault::Fault,
    live::{LiveSession, record},
    people::Acting,
    publisher::Progress,
    state::State,
};

/// A session that was ended.
pub(crate) struct Ended {
    pub(crate) progress: Progress,
    /// Until when who was in it is kept out.
    pub(crate) until: Timestamp,
    /// The id of the token that it ran on; none where it had none, or where that cannot be told now.
    pub(crate) jti: Option<Arc<str>>,
    /// Why that cannot be revoked too; none where it can, or where there is none.
    pub(crate) not_revocable_because: Option<&'static str>,
    /// The token's record, where there is one.
    pub(crate) token: Option<playback_token::Model>,
}

/// Ends a session, and bars its token from its address. The role was judged for a viewer's.
pub(crate) async fn end(state: &State, acting: &Acting, id: &str) -> Result<Ended, Fault> {
    let id: SessionId = id.parse().map_err(|_| Fault::NotFound)?;
    let session = running(state, acting.id, id).await?;
    let operation = match session.facts.door {
        Door::Playback => Action::SessionEnd,
        Door::Ingest => Action::SessionEndBroadcast,
    };
    if !acting.may(state, operation) {
        return Err(Fault::Forbidden);
    }
    let work = Work::begin(state, acting).await?;
    let bar = bar(&session, work.at);
    insert(&work, &session, &bar).await?;
    let facts = &session.facts;
    let detail = json!({
        "stream": facts.name,
        "door": facts.door.as_str(),
        "protocol": facts.protocol.as_str(),
        "jti": facts.jti(),
        "barredUntil": bar.until().s(),
    });
    let (until, update) = (
        bar.until(),
        Update::Ended {
            organisation: acting.id,
            bar,
        },
    );
    let progress = work.finish(operation, &id.to_string(), detail, &[update]).await?;
    // It is ended, whether or not more can be told.
    let offer = Offer::of(state, facts)
        .await
        .inspect_err(|fault| tracing::error!(?fault, session.id = %id, "its token is not offered to be revoked"));
    let Offer {
        jti,
        not_revocable_because,
        token,
    } = offer.unwrap_or_default();
    Ok(Ended {
        progress,
        until,
        jti,
        not_revocable_because,
        token,
    })
}

/// What may be revoked once a session is ended; the fields are those of [`Ended`].
#[derive(Default)]
struct Offer {
    jti: Option<Arc<str>>,
    not_revocable_because: Option<&'static str>,
    token: Option<playback_token::Model>,
}

impl Offer {
    async fn of(state: &State, facts: &SessionFacts) -> Result<Self, Fault> {
        let token = match facts.jti() {
            Some(jti) => found(tokens::by_jti(state.store.read(), facts.organisation, jti).await)?,
            None => None,
        };
        let stand = standing::behind(state, state.store.read(), facts, state.now()).await?;
        Ok(Self {
            jti: facts.grant.as_ref().map(|grant| grant.jti.clone()),
            not_revocable_because: stand.and_then(|stand| stand.not_revocable_because),
            token,
        })
    }
}

/// What a row says.
pub(crate) fn of_row(row: &session_bar::Model) -> Result<Bar, DbErr> {
    let unreadable = || DbErr::Custom("a row holds what cannot be: session_bar".to_owned());
    let tokens: Vec<Arc<str>> = serde_json::from_value(row.tokens.clone()).map_err(|_| unreadable())?;
    Ok(Bar {
        session: SessionId::from_uuid(row.id),
        who: who(tokens, StreamId::from_uuid(row.stream_id), record::door_of(&row.door)),
        address: row.address.parse().map_err(|_| unreadable())?,
        at: Timestamp::from_us(row.created_at),
    })
}

/// Forgets whom nobody keeps out any more, and from where they came.
pub(crate) async fn forget(connection: &impl ConnectionTrait, now: Timestamp) -> Result<(), DbErr> {
    session_bar::Entity::remove_across_tenants("sessions whose end keeps nobody out any more")
        .filter(session_bar::Column::KeepUntil.lte(now.us()))
        .exec(connection)
        .await
        .map(drop)
}

async fn running(state: &State, organisation: OrganisationId, id: SessionId) -> Result<LiveSession, Fault> {
    if let Some(session) = state.live.session_of(organisation, id) {
        return Ok(session);
    }
    let over = session::Entity::in_tenant(organisation)
        .filter(session::Column::Id.eq(id.uuid()))
        .one(state.store.read())
        .await?;
    match over {
        Some(_) => Err(Fault::field("id", "ENDED", "the session is over")),
        None => Err(Fault::NotFound),
    }
}

fn bar(session: &LiveSession, at: Timestamp) -> Bar {
    let facts = &session.facts;
    let address: IpAddr = facts.address;
    Bar {
        session: facts.session,
        who: who(ids(session), facts.stream, facts.door),
        address,
        at,
    }
}

/// The ids of its tokens.
fn ids(session: &LiveSession) -> Vec<Arc<str>> {
    session.tokens().map(|token| token.jti.clone()).collect()
}

fn who(tokens: Vec<Arc<str>>, stream: StreamId, door: Door) -> Vec<Barred> {
    if tokens.is_empty() {
        vec![Barred::Bare { stream, door }]
    } else {
        tokens.into_iter().map(Barred::Token).collect()
    }
}

async fn insert(work: &Work<'_>, session: &LiveSession, bar: &Bar) -> Result<(), Fault> {
    use session_bar::Column;
    forget(&*work.write, work.at).await?;
    let facts = &session.facts;
    let row = session_bar::ActiveModel {
        id: Set(facts.session.uuid()),
        organisation_id: Set(work.organisation.uuid()),
        stream_id: Set(facts.stream.uuid()),
        door: Set(facts.door.as_str().to_owned()),
        address: Set(facts.address.to_string()),
        tokens: Set(json!(ids(session))),
        created_at: Set(bar.at.us()),
        keep_until: Set(bar.until().us()),
    };
    // Two who end it at once keep out whom the later one keeps out.
    let again = OnConflict::column(Column::Id)
        .update_columns([Column::Tokens, Column::CreatedAt, Column::KeepUntil])
        .to_owned();
    session_bar::Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(&*work.write)
        .await?;
    Ok(())
}

/// A record, where there is one.
fn found<T>(read: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match read {
        Ok(row) => Ok(Some(row)),
        Err(Fault::NotFound) => Ok(None),
        Err(fault) => Err(fault),
    }
}
