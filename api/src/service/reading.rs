//! Lists: streams, tokens, sessions.

use std::{collections::HashMap, net::Ipv6Addr};

use entity::{
    Tenanted, api_token, app_user, change, playback_token, playback_token_stream, session, session_token, stream,
};
use guard::{Door, Timestamp};
use ids::{ChangeId, GroupId, OrganisationId, SessionId, StreamId, TokenId};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, Order, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, ExprTrait, Func, IntoCondition, SelectStatement},
};
use uuid::Uuid;

use super::{
    page::{Page, Wanted},
    tags,
};
use crate::{analytics::Turn, fault::Fault, state::State};

/// Which streams.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams {
    /// In the name or the title, whatever the case.
    pub(crate) text: Option<String>,
    pub(crate) state: Option<StreamIs>,
    pub(crate) tag: Option<String>,
    /// A group's id.
    pub(crate) group: Option<String>,
    pub(crate) order: StreamOrder,
}

/// What a stream is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamIs {
    Created,
    Live,
    Ended,
    Stopped,
    Locked,
    Deleted,
}

/// In which order streams are listed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum StreamOrder {
    #[default]
    Newest,
    Oldest,
    Name,
}

/// Which tokens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tokens {
    /// In the id, the viewer's name or the label, whatever the case.
    pub(crate) text: Option<String>,
    pub(crate) stream: Option<String>,
    pub(crate) status: Option<TokenIs>,
    pub(crate) user: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) door: Option<guard::Door>,
    pub(crate) watch: bool,
}

/// What a token is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenIs {
    Active,
    Revoked,
    Expired,
}

/// Which sessions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions {
    pub(crate) stream: Option<String>,
    pub(crate) live: Option<bool>,
    pub(crate) door: Option<Door>,
    pub(crate) user: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) jti: Option<String>,
    /// An address, or the /64 of IPv6 ones.
    pub(crate) address: Option<String>,
    /// That began at that moment or later.
    pub(crate) from: Option<Timestamp>,
    /// That began before that moment.
    pub(crate) to: Option<Timestamp>,
}

impl Sessions {
    /// Whether databases can compare its texts.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        for (field, text) in [
            ("stream", &self.stream),
            ("user", &self.user),
            ("tag", &self.tag),
            ("jti", &self.jti),
            ("ip", &self.address),
        ] {
            bound_in(field, text.as_deref())?;
        }
        Ok(())
    }
}

/// What a stream is now.
pub(crate) fn stream_is(state: &State, row: &stream::Model) -> StreamIs {
    if row.deleted_at.is_some() {
        return StreamIs::Deleted;
    }
    match row.standing.as_str() {
        "locked" => StreamIs::Locked,
        "stopped" => StreamIs::Stopped,
        _ if state.live.is_live(StreamId::from_uuid(row.id)) => StreamIs::Live,
        _ if row.last_live_at.is_some() => StreamIs::Ended,
        _ => StreamIs::Created,
    }
}

/// What a token is at `now`. Revoked beats expired.
pub(crate) fn token_is(record: &playback_token::Model, now: Timestamp) -> TokenIs {
    if record.revoked_at.is_some() {
        TokenIs::Revoked
    } else if record.expires_at <= now.us() {
        TokenIs::Expired
    } else {
        TokenIs::Active
    }
}

/// The streams of these ids, deleted ones too.
pub(crate) async fn streams_by_ids(
    connection: &impl ConnectionTrait,
    organisation: OrganisationId,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<stream::Model>, Fault> {
    Ok(stream::Entity::in_tenant(organisation)
        .filter(stream::Column::Id.is_in(ids))
        .all(connection)
        .await?)
}

/// The id of the stream of that name, for a filter.
pub(crate) fn stream_named(organisation: OrganisationId, name: &str) -> Result<SelectStatement, Fault> {
    Ok(stream::Entity::in_tenant(organisation)
        .select_only()
        .column(stream::Column::Id)
        .filter(stream::Column::Name.eq(bound(name)?))
        .into_query())
}

/// A page of an organisation's streams.
pub(crate) async fn streams(
    state: &State,
    organisation: OrganisationId,
    which: Streams,
    wanted: Wanted,
) -> Result<Page<stream::Model>, Fault> {
    let mut select = stream::Entity::in_tenant(organisation).filter(stream::Column::DeletedAt.is_null());
    if let Some(text) = which.text.filter(|text| !text.is_empty()) {
        select = select.filter(contains(&[stream::Column::Name, stream::Column::Title], &text)?);
    }
    if let Some(tag) = which.tag {
        select = select.filter(stream::Column::Id.in_subquery(tags::streams_with(organisation, bound(&tag)?)));
    }
    if let Some(group) = which.group {
        // What is no group's id is no stream's group.
        let group = group.parse::<GroupId>().map_or(Uuid::nil(), GroupId::uuid);
        select = select.filter(stream::Column::GroupId.eq(group));
    }
    if let Some(is) = which.state {
        let live: Vec<Uuid> = state.live.publishing().iter().map(|id| id.uuid()).collect();
        let standing = stream::Column::Standing;
        let active = Condition::all().add(standing.eq("active"));
        select = select.filter(match is {
            StreamIs::Locked => standing.eq("locked").into_condition(),
            StreamIs::Stopped => standing.eq("stopped").into_condition(),
            StreamIs::Deleted => stream::Column::DeletedAt.is_not_null().into_condition(),
            StreamIs::Live => active.add(stream::Column::Id.is_in(live)),
            StreamIs::Ended => active
                .add(stream::Column::Id.is_not_in(live))
                .add(stream::Column::LastLiveAt.is_not_null()),
            StreamIs::Created => active
                .add(stream::Column::Id.is_not_in(live))
                .add(stream::Column::LastLiveAt.is_null()),
        });
    }
    let by_id = |key: &str| key.parse::<StreamId>().ok().map(|id| id.uuid().into());
    let (column, order) = match which.order {
        StreamOrder::Newest => (stream::Column::Id, Order::Desc),
        StreamOrder::Oldest => (stream::Column::Id, Order::Asc),
        StreamOrder::Name => {
            let by_name = |key: &str| Some(key.into());
            return wanted
                .of(state.store.read(), select, stream::Column::Name, Order::Asc, by_name)
                .await;
        }
    };
    wanted.of(state.store.read(), select, column, order, by_id).await
}

/// A page of an organisation's tokens, the newest first.
pub(crate) async fn tokens(
    state: &State,
    organisation: OrganisationId,
    which: Tokens,
    wanted: Wanted,
) -> Result<Page<playback_token::Model>, Fault> {
    use playback_token::Column;
    let now = state.now_us();
    let mut select = playback_token::Entity::in_tenant(organisation);
    if !which.watch {
        select = select.filter(Column::Watch.eq(false));
    }
    if let Some(door) = which.door {
        select = select.filter(Column::Door.eq(door.audience()));
    }
    if let Some(text) = which.text.filter(|text| !text.is_empty()) {
        select = select.filter(contains(&[Column::Jti, Column::Viewer, Column::Tag], &text)?);
    }
    if let Some(name) = which.stream {
        let named = stream::Entity::in_tenant(organisation)
            .select_only()
            .column(stream::Column::Id)
            .filter(stream::Column::Name.eq(bound(&name)?))
            .into_query();
        let here = playback_token_stream::Entity::in_tenant(organisation)
            .select_only()
            .column(playback_token_stream::Column::PlaybackTokenId)
            .filter(playback_token_stream::Column::StreamId.in_subquery(named.clone()))
            .into_query();
        // An organisation-wide token is for the stream too, if there is such a stream.
        let everywhere = Condition::all()
            .add(Column::OrganisationWide.eq(true))
            .add(Expr::exists(named));
        select = select.filter(Condition::any().add(Column::Id.in_subquery(here)).add(everywhere));
    }
    match which.status {
        None => {}
        Some(TokenIs::Revoked) => select = select.filter(Column::RevokedAt.is_not_null()),
        Some(TokenIs::Expired) => {
            select = select
                .filter(Column::RevokedAt.is_null())
                .filter(Column::ExpiresAt.lte(now));
        }
        Some(TokenIs::Active) => {
            select = select
                .filter(Column::RevokedAt.is_null())
                .filter(Column::ExpiresAt.gt(now));
        }
    }
    if let Some(user) = which.user {
        select = select.filter(Column::Viewer.eq(bound(&user)?));
    }
    if let Some(tag) = which.tag {
        select = select.filter(Column::Tag.eq(bound(&tag)?));
    }
    let key = |key: &str| key.parse::<TokenId>().ok().map(|id| id.uuid().into());
    wanted
        .of(state.store.read(), select, Column::Id, Order::Desc, key)
        .await
}

/// A page of an organisation's sessions, the newest first. To count them takes a turn: there may be millions.
pub(crate) async fn sessions(
    state: &State,
    organisation: OrganisationId,
    which: Sessions,
    wanted: Wanted,
) -> Result<Page<session::Model>, Fault> {
    use session::Column;
    which.check()?;
    let _turn = turn_to_count(state, organisation, &wanted).await?;
    let mut select = session::Entity::in_tenant(organisation);
    let texts = [
        (Column::StreamName, which.stream),
        (Column::Viewer, which.user),
        (Column::Tag, which.tag),
    ];
    for (column, text) in texts {
        if let Some(text) = text {
            select = select.filter(column.eq(text));
        }
    }
    if let Some(address) = which.address.as_deref() {
        select = match address.strip_suffix("/64").map(str::parse::<Ipv6Addr>) {
            Some(Ok(block)) => select.filter(Column::AddressBlock.eq(block.to_string())),
            _ => select.filter(Column::Address.eq(address)),
        };
    }
    if let Some(jti) = which.jti.as_deref() {
        let earlier = session_token::Entity::in_tenant(organisation)
            .select_only()
            .column(session_token::Column::SessionId)
            .filter(session_token::Column::Jti.eq(jti))
            .into_query();
        select = select.filter(Column::Jti.eq(jti).or(Column::Id.in_subquery(earlier)));
    }
    match which.live {
        None => {}
        Some(true) => select = select.filter(Column::EndedAt.is_null()),
        Some(false) => select = select.filter(Column::EndedAt.is_not_null()),
    }
    if let Some(door) = which.door {
        select = select.filter(Column::Door.eq(door.as_str()));
    }
    // Rows are read by their ids, some at a time: an index of beginnings would have all sorted each time.
    let started = || Expr::col(Column::StartedAt).add(0);
    if let Some(from) = which.from {
        select = select.filter(started().gte(from.us()));
    }
    if let Some(to) = which.to {
        select = select.filter(started().lt(to.us()));
    }
    let key = |key: &str| key.parse::<SessionId>().ok().map(|id| id.uuid().into());
    wanted
        .of(state.store.read(), select, Column::Id, Order::Desc, key)
        .await
}

/// A page of an organisation's changes to policy, the newest first.
pub(crate) async fn changes(
    state: &State,
    organisation: OrganisationId,
    wanted: Wanted,
) -> Result<Page<change::Model>, Fault> {
    let key = |key: &str| key.parse::<ChangeId>().ok().map(|id| id.uuid().into());
    let select = change::Entity::in_tenant(organisation);
    wanted
        .of(state.store.read(), select, change::Column::Id, Order::Desc, key)
        .await
}

/// The same page of the sessions of several streams, by the streams' ids; the newest first.
pub(crate) async fn sessions_of(
    state: &State,
    organisation: OrganisationId,
    streams: &[Named],
    live: Option<bool>,
    wanted: &Wanted,
) -> Result<HashMap<Uuid, Page<session::Model>>, Fault> {
    use session::Column;
    let _turn = turn_to_count(state, organisation, wanted).await?;
    let connection = state.store.read();
    let (columns, of) = ((Column::Id, Column::StreamId), |row: &session::Model| row.stream_id);
    let key = |key: &str| key.parse::<SessionId>().ok().map(|id| id.uuid().into());
    let select = session::Entity::in_tenant(organisation);
    if live == Some(true) {
        // From the end of a stream's history one would read far for what goes on. All that goes on is found by an index of
        // its own; a stream's id would lead past that.
        let names = streams.iter().map(|(_, name)| name.as_str());
        let select = select
            .filter(Column::EndedAt.is_null())
            .filter(Column::StreamName.is_in(names));
        return wanted.of_each(connection, select, columns, key, of).await;
    }
    let select = match live {
        Some(_) => select.filter(Column::EndedAt.is_not_null()),
        None => select,
    };
    let ids: Vec<_> = streams.iter().map(|(id, _)| *id).collect();
    wanted.of_each_long(connection, select, columns, &ids, key, of).await
}

/// The organisation's turn, where a list that may be long is to be counted.
async fn turn_to_count(state: &State, organisation: OrganisationId, wanted: &Wanted) -> Result<Option<Turn>, Fault> {
    if !wanted.counts() {
        return Ok(None);
    }
    state.analytics.turn(organisation).await.map(Some)
}

/// A name, and whose.
pub(crate) type Named = (Uuid, String);

/// Names of people, and of software, by their ids.
pub(crate) async fn names(state: &State, ids: &[Uuid]) -> Result<(Vec<Named>, Vec<Named>), Fault> {
    use entity::Table;
    let users = app_user::Entity::across_tenants("the names of those who acted in the caller's organisation")
        .filter(app_user::Column::Id.is_in(ids.iter().copied()))
        .all(state.store.read())
        .await?;
    let tokens = api_token::Entity::across_tenants("the names of those who acted in the caller's organisation")
        .filter(api_token::Column::Id.is_in(ids.iter().copied()))
        .all(state.store.read())
        .await?;
    Ok((
        users.into_iter().map(|user| (user.id, user.name)).collect(),
        tokens.into_iter().map(|token| (token.id, token.name)).collect(),
    ))
}

/// Whether one of the columns contains `text`, whatever the case.
pub(crate) fn contains<C: ColumnTrait>(columns: &[C], text: &str) -> Result<Condition, Fault> {
    let text = bound(text)?.to_lowercase();
    let pattern = format!("%{}%", escaped(&text));
    Ok(columns.iter().fold(Condition::any(), |any, column| {
        let pattern = sea_orm::sea_query::LikeExpr::new(pattern.clone()).escape('\\');
        any.add(Expr::expr(Func::lower(Expr::col(column.as_column_ref()))).like(pattern))
    }))
}

/// A text that a database can compare: PostgreSQL refuses the character 0.
pub(crate) fn bound(text: &str) -> Result<&str, Fault> {
    if text.len() > 512 || text.contains('\0') {
        return Err(Fault::Invalid(
            "a filter's text is 512 bytes at most, without the character 0",
        ));
    }
    Ok(text)
}

/// The same of a filter's field, which the error names.
pub(crate) fn bound_in(field: &str, text: Option<&str>) -> Result<(), Fault> {
    match text.map(bound) {
        None | Some(Ok(_)) => Ok(()),
        Some(Err(_)) => {
            let message = format!("`{field}` is 512 bytes at most, without the character 0");
            Err(Fault::field(field, "INVALID", message))
        }
    }
}

/// A text as a pattern for itself, with `\` to escape.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
