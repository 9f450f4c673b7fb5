//! What tables say, in the words of the decision.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    str::FromStr,
};

use entity::{
    Tenanted, guardian_rule, jwks_key, organisation, package_grant, revocation, session_bar, signing_key, stream,
};
use futures_util::TryStreamExt;
use guard::{
    IngestKeyDigest, Timestamp, Update,
    policy::{
        Asks, IngestAuthorisation, Judges, Organisation, Package, Packages, SecurePlayback, Standing, Stream,
        StreamIngest, StreamStanding, Subject,
    },
};
use ids::{GroupId, OrganisationId, StreamId};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, Select, StreamTrait};
use serde_json::Value;
use uuid::Uuid;

use super::about::About;
use crate::{
    keys,
    service::{
        bans, concerning, handles,
        packages::{self, LimitName},
        responses, rules, sessions, static_tokens,
    },
    state::State,
};

/// How much of a policy is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Extent<'a> {
    /// Everybody's: what a node must know.
    Whole,
    /// What can matter to one request. Whatever is decided about it is as if all had been read.
    About(About<'a>),
}

impl Extent<'_> {
    /// Its rows of a table.
    pub(crate) fn rows<E: Tenanted>(self) -> Select<E> {
        match self {
            Self::Whole => E::across_tenants("the policy of a node that joins"),
            Self::About(about) => E::in_tenant(about.organisation),
        }
    }

    /// Its rows of a table of credentials, which are found by their digest.
    pub(crate) fn listed<E: Tenanted>(self, column: E::Column) -> Select<E> {
        let rows = self.rows::<E>();
        match self {
            Self::Whole => rows,
            Self::About(about) => rows.filter(column.is_in(about.digest())),
        }
    }
}

/// Everything that a node must know of it.
pub(crate) async fn read(
    state: &State,
    connection: &(impl ConnectionTrait + StreamTrait),
    extent: Extent<'_>,
) -> Result<Vec<Update>, DbErr> {
    let mut granted: HashMap<Uuid, Vec<package_grant::Model>> = HashMap::new();
    for grant in extent.rows::<package_grant::Entity>().all(connection).await? {
        granted.entry(grant.organisation_id).or_default().push(grant);
    }
    let mut updates = Vec::new();
    for row in extent.rows::<organisation::Entity>().all(connection).await? {
        let grants = granted.remove(&row.id).unwrap_or_default();
        updates.push(Update::Organisation(organisation(&row, &grants)?));
    }
    updates.extend(keys(state, connection, extent).await?);
    updates.extend(handles::policy(state, connection, extent).await?);
    updates.extend(static_tokens::policy(connection, extent).await?);
    let named = match extent {
        Extent::Whole => None,
        Extent::About(about) => Some(about.subjects(&updates)),
    };
    revoked(state, connection, extent, named.as_ref(), &mut updates).await?;
    updates.extend(bans::policy(connection, extent, named.as_ref()).await?);
    let bars = extent
        .rows::<session_bar::Entity>()
        .filter(session_bar::Column::KeepUntil.gt(state.now_us()));
    for row in bars.all(connection).await? {
        updates.push(Update::Ended {
            organisation: OrganisationId::from_uuid(row.organisation_id),
            bar: sessions::of_row(&row)?,
        });
    }
    updates.extend(responses::policy(connection, extent, state.now_us()).await?);
    rules(state, connection, extent, &mut updates).await?;
    streams(state, connection, extent, &mut updates).await?;
    Ok(updates)
}

/// Adds the Guardian rules that are not over: all of them, or those that can be about who asks.
async fn rules(
    state: &State,
    connection: &(impl ConnectionTrait + StreamTrait),
    extent: Extent<'_>,
    updates: &mut Vec<Update>,
) -> Result<(), DbErr> {
    let now_us = state.now_us();
    let Extent::About(about) = extent else {
        let standing = extent.rows::<guardian_rule::Entity>().filter(rules::stands(now_us));
        let mut told = rules::told(standing, connection).await?;
        while let Some(update) = told.try_next().await? {
            updates.push(update);
        }
        return Ok(());
    };
    for row in concerning::request(connection, about.organisation, about.request, now_us).await? {
        updates.push(Update::Rule {
            organisation: OrganisationId::from_uuid(row.organisation_id),
            rule: rules::rule(&row)?,
        });
    }
    Ok(())
}

/// Adds the streams that are there: all of them, or the one that is asked for.
async fn streams(
    state: &State,
    connection: &(impl ConnectionTrait + StreamTrait),
    extent: Extent<'_>,
    updates: &mut Vec<Update>,
) -> Result<(), DbErr> {
    let mut streams = extent
        .rows::<stream::Entity>()
        .filter(stream::Column::DeletedAt.is_null());
    if let Extent::About(about) = extent {
        streams = streams.filter(stream::Column::Id.eq(about.stream.uuid()));
    }
    let mut rows = streams.stream(connection).await?;
    while let Some(row) = rows.try_next().await? {
        updates.push(Update::Stream(stream(state, &row)?));
    }
    Ok(())
}

/// Adds what was taken back: all of it, or what names one of these.
async fn revoked(
    state: &State,
    connection: &(impl ConnectionTrait + StreamTrait),
    extent: Extent<'_>,
    named: Option<&HashSet<Subject>>,
    updates: &mut Vec<Update>,
) -> Result<(), DbErr> {
    use revocation::Column;
    let kept = extent
        .rows::<revocation::Entity>()
        .filter(Column::KeepUntil.gt(state.now_us()));
    let selects = match named {
        None => vec![kept],
        Some(named) => {
            // One statement for each kind, so that an index finds what each of them is about.
            let mut by_kind: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for (kind, name) in named.iter().map(subject_columns) {
                by_kind.entry(kind).or_default().push(name);
            }
            let of_kind = |(kind, names): (&str, Vec<String>)| {
                let rows = kept.clone().filter(Column::Kind.eq(kind));
                rows.filter(Column::Subject.is_in(names))
            };
            by_kind.into_iter().map(of_kind).collect()
        }
    };
    for select in selects {
        let mut rows = select.stream(connection).await?;
        while let Some(row) = rows.try_next().await? {
            updates.push(Update::Revoked {
                organisation: OrganisationId::from_uuid(row.organisation_id),
                subject: subject(&row.kind, &row.subject)?,
                at: Timestamp::from_us(row.at),
            });
        }
    }
    Ok(())
}

/// Every key that verifies.
async fn keys(state: &State, connection: &impl ConnectionTrait, extent: Extent<'_>) -> Result<Vec<Update>, DbErr> {
    let rows = extent
        .rows::<signing_key::Entity>()
        .filter(signing_key::Column::RemovedAt.is_null())
        .all(connection)
        .await?;
    let fetched = extent.rows::<jwks_key::Entity>().all(connection).await?;
    let mut of_set: HashMap<_, Vec<_>> = HashMap::new();
    for key in fetched {
        of_set.entry(key.signing_key_id).or_default().push(key);
    }
    let mut updates = Vec::with_capacity(rows.len());
    for row in rows {
        let organisation = OrganisationId::from_uuid(row.organisation_id);
        let mut add = |key| updates.push(Update::Key { organisation, key });
        if let Some(key) = keys::verifying(&state.seal, &row)? {
            add(key);
        }
        for key in of_set.remove(&row.id).unwrap_or_default() {
            add(keys::fetched(&row, &key)?);
        }
    }
    Ok(updates)
}

/// The packages of one organisation.
pub(crate) async fn packages(connection: &impl ConnectionTrait, id: OrganisationId) -> Result<Packages, DbErr> {
    let grants = package_grant::Entity::in_tenant(id).all(connection).await?;
    Ok(grants.iter().filter_map(|grant| package(&grant.package)).collect())
}

/// An organisation's row as a decision sees it.
pub(crate) fn organisation(row: &organisation::Model, grants: &[package_grant::Model]) -> Result<Organisation, DbErr> {
    let packages: Packages = grants.iter().filter_map(|grant| package(&grant.package)).collect();
    let standings = packages::standings(grants, &[]);
    Ok(Organisation {
        id: OrganisationId::from_uuid(row.id),
        hash: parsed(&row.hash)?,
        standing: match row.standing.as_str() {
            "active" => Standing::Active,
            _ => Standing::Suspended,
        },
        packages,
        secure_playback: row.secure_playback,
        ingest: ingest(&row.ingest_authorisation).ok_or_else(|| unreadable("organisation.ingest_authorisation"))?,
        force_disconnect: row.force_disconnect,
        viewers: packages::limit(&standings, LimitName::Viewers),
        bandwidth_mbit_s: packages::limit(&standings, LimitName::Bandwidth),
        judges: Judges {
            static_tokens: row.static_tokens,
            backend: row.judges_backend && row.backend_tokens,
        },
        asks: Asks {
            play: row.asks_play,
            publish: row.asks_publish,
            tokens: row.judges_backend,
            edition: row.webhook_edition,
        },
        encrypted_ingest: row.encrypted_ingest,
        origins: origins(row)
            .iter()
            .map(|origin| parsed(origin))
            .collect::<Result<_, _>>()?,
    })
}

/// The pages that an organisation allows to read what their players fetch, as they were written down.
pub(crate) fn origins(row: &organisation::Model) -> Vec<String> {
    let texts = row.origins.as_ref().and_then(Value::as_array).into_iter().flatten();
    texts.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

/// A stream's row as a decision sees it.
pub(crate) fn stream(state: &State, row: &stream::Model) -> Result<Stream, DbErr> {
    let key = ingest_key(state, row)?;
    Ok(Stream {
        id: StreamId::from_uuid(row.id),
        name: parsed(&row.name)?,
        organisation: OrganisationId::from_uuid(row.organisation_id),
        group: row.group_id.map(GroupId::from_uuid),
        standing: match row.standing.as_str() {
            "active" => StreamStanding::Active,
            "stopped" => StreamStanding::Stopped,
            _ => StreamStanding::Locked,
        },
        secure_playback: match row.secure_playback.as_str() {
            "inherit" => SecurePlayback::Inherit,
            "open" => SecurePlayback::Open,
            _ => SecurePlayback::Required,
        },
        ingest: match row.ingest_authorisation.as_str() {
            "inherit" => StreamIngest::Inherit,
            own => StreamIngest::Own(ingest(own).ok_or_else(|| unreadable("stream.ingest_authorisation"))?),
        },
        ingest_key: IngestKeyDigest::of(&key),
        test_source: row.test_source,
        static_tokens: switch(&row.static_tokens),
        backend: switch(&row.backend_tokens),
        needs_mfa: row.mfa_required,
        takeover: row.takeover,
    })
}

/// A stream's own word, where it has one.
fn switch(column: &str) -> Option<bool> {
    match column {
        "inherit" => None,
        column => Some(column == "on"),
    }
}

/// A stream's secret key, opened.
pub(crate) fn ingest_key(state: &State, row: &stream::Model) -> Result<String, DbErr> {
    let opened = state
        .seal
        .open(&ingest_key_place(StreamId::from_uuid(row.id)), &row.ingest_key_sealed)
        .map_err(|error| DbErr::Custom(error.to_string()))?;
    String::from_utf8(opened.to_vec()).map_err(|_| unreadable("stream.ingest_key_sealed"))
}

/// Where a stream's key is sealed for.
pub(crate) fn ingest_key_place(stream: StreamId) -> String {
    format!("stream.ingest_key:{stream}")
}

/// What a revocation's columns `kind` and `subject` say.
pub(crate) fn subject(kind: &str, subject: &str) -> Result<Subject, DbErr> {
    Ok(match kind {
        "token" => Subject::Token(subject.into()),
        "user" => Subject::User(subject.into()),
        "tag" => Subject::Tag(subject.into()),
        "stream" => Subject::Stream(parsed(subject)?),
        "key" => Subject::Key(subject.into()),
        "everything" => Subject::Everything,
        _ => return Err(unreadable("revocation.kind")),
    })
}

/// A revocation's columns `kind` and `subject`.
pub(crate) fn subject_columns(subject: &Subject) -> (&'static str, String) {
    match subject {
        Subject::Token(jti) => ("token", jti.to_string()),
        Subject::User(user) => ("user", user.to_string()),
        Subject::Tag(tag) => ("tag", tag.to_string()),
        Subject::Stream(stream) => ("stream", stream.to_string()),
        Subject::Key(kid) => ("key", kid.to_string()),
        Subject::Everything => ("everything", String::new()),
    }
}

fn package(name: &str) -> Option<Package> {
    Package::ALL.into_iter().find(|package| package.as_str() == name)
}

fn ingest(text: &str) -> Option<IngestAuthorisation> {
    match text {
        "open" => Some(IngestAuthorisation::Open),
        "key" => Some(IngestAuthorisation::Key),
        "token" => Some(IngestAuthorisation::Token),
        _ => None,
    }
}

fn parsed<T: FromStr>(text: &str) -> Result<T, DbErr> {
    text.parse().map_err(|_| unreadable(text))
}

fn unreadable(what: &str) -> DbErr {
    DbErr::Custom(format!("a row holds what cannot be: {what}"))
}
