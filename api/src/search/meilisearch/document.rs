//! What Meilisearch holds of an object: its id, whose it is, and the texts that are searched. Nothing else, no secret.

use std::collections::{HashMap, HashSet};

use entity::{Table, app_user, audit_entry, guardian_rule, member, playback_token, stream, stream_tag};
use ids::OrganisationId;
use meilisearch_sdk::settings::{Settings, TypoToleranceSettings};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::Kind;

/// A document, and the id of its object.
pub(super) type Document = (Uuid, Value);

/// Which objects of a kind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Which<'a> {
    /// Those of these ids.
    These(&'a HashSet<Uuid>),
    /// The next so many after this id.
    After(Option<Uuid>, u64),
}

/// The texts of a kind that are searched, the most telling first.
pub(super) const fn attributes(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Stream => &["id", "name", "alias", "title", "tags"],
        Kind::Token => &["id", "jti", "user", "tag"],
        Kind::Rule => &["id", "value", "note"],
        Kind::Member => &["id", "name", "email"],
        Kind::Audit => &["id", "action", "object", "request", "email", "address"],
    }
}

/// How an index of a kind is set up.
pub(super) fn settings(kind: Kind) -> Settings {
    // A mistake in typing is forgiven in what people call things; an id is another one by one letter.
    let forgiven = |attribute: &&&str| match kind {
        Kind::Stream => ["title", "tags"].contains(*attribute),
        Kind::Rule => **attribute == "note",
        Kind::Member => **attribute == "name",
        Kind::Token | Kind::Audit => false,
    };
    let exact = attributes(kind).iter().filter(|attribute| !forgiven(attribute));
    Settings::new()
        .with_searchable_attributes(attributes(kind))
        .with_filterable_attributes([ORGANISATION])
        .with_ranking_rules(["words", "exactness", "typo", "proximity", "attribute", "sort"])
        .with_typo_tolerance(TypoToleranceSettings {
            enabled: Some(true),
            disable_on_attributes: Some(exact.map(|attribute| (*attribute).to_owned()).collect()),
            disable_on_words: None,
            min_word_size_for_typos: None,
            disable_on_numbers: None,
        })
}

/// The texts of a document that are searched.
pub(super) fn texts(kind: Kind, document: &Map<String, Value>) -> Vec<&str> {
    let mut texts = Vec::new();
    for value in attributes(kind).iter().filter_map(|attribute| document.get(*attribute)) {
        texts.extend(value.as_str());
        texts.extend(value.as_array().into_iter().flatten().filter_map(Value::as_str));
    }
    texts
}

/// Documents of the objects that are there, by their ids.
pub(super) async fn documents(
    connection: &impl ConnectionTrait,
    kind: Kind,
    which: Which<'_>,
) -> Result<Vec<Document>, DbErr> {
    match kind {
        Kind::Stream => streams(connection, which).await,
        Kind::Token => tokens(connection, which).await,
        Kind::Rule => rules(connection, which).await,
        Kind::Member => members(connection, which).await,
        Kind::Audit => audit(connection, which).await,
    }
}

async fn streams(connection: &impl ConnectionTrait, which: Which<'_>) -> Result<Vec<Document>, DbErr> {
    let all = stream::Entity::across_tenants("what the index outside the database holds")
        .filter(stream::Column::DeletedAt.is_null());
    let rows = which.of(all, stream::Column::Id).all(connection).await?;
    let ids = rows.iter().map(|row| row.id);
    let labels = stream_tag::Entity::across_tenants("what the index outside the database holds")
        .filter(stream_tag::Column::StreamId.is_in(ids))
        .order_by_asc(stream_tag::Column::Name)
        .all(connection)
        .await?;
    let mut tags: HashMap<Uuid, Vec<String>> = HashMap::new();
    for label in labels {
        tags.entry(label.stream_id).or_default().push(label.name);
    }
    let document = |row: stream::Model| {
        let fields = json!({
            "alias": row.name.split_once('-').map(|(_, alias)| alias),
            "name": row.name,
            "title": row.title,
            "tags": tags.remove(&row.id).unwrap_or_default(),
        });
        document(Kind::Stream, row.id, row.organisation_id, fields)
    };
    Ok(rows.into_iter().map(document).collect())
}

async fn tokens(connection: &impl ConnectionTrait, which: Which<'_>) -> Result<Vec<Document>, DbErr> {
    let all = playback_token::Entity::across_tenants("what the index outside the database holds");
    let rows = which.of(all, playback_token::Column::Id).all(connection).await?;
    let document = |row: playback_token::Model| {
        let fields = json!({ "jti": row.jti, "user": row.viewer, "tag": row.tag });
        document(Kind::Token, row.id, row.organisation_id, fields)
    };
    Ok(rows.into_iter().map(document).collect())
}

async fn rules(connection: &impl ConnectionTrait, which: Which<'_>) -> Result<Vec<Document>, DbErr> {
    let all = guardian_rule::Entity::across_tenants("what the index outside the database holds");
    let rows = which.of(all, guardian_rule::Column::Id).all(connection).await?;
    let document = |row: guardian_rule::Model| {
        let fields = json!({ "value": row.value, "note": row.note });
        document(Kind::Rule, row.id, row.organisation_id, fields)
    };
    Ok(rows.into_iter().map(document).collect())
}

async fn members(connection: &impl ConnectionTrait, which: Which<'_>) -> Result<Vec<Document>, DbErr> {
    let all = member::Entity::across_tenants("what the index outside the database holds");
    let rows = which.of(all, member::Column::Id).all(connection).await?;
    let users = app_user::Entity::across_tenants("what the index outside the database holds")
        .filter(app_user::Column::Id.is_in(rows.iter().map(|row| row.user_id)))
        .all(connection)
        .await?;
    let users: HashMap<_, _> = users.into_iter().map(|user| (user.id, user)).collect();
    let document = |row: member::Model| {
        let user = users.get(&row.user_id)?;
        let fields = json!({ "name": user.name, "email": user.email });
        Some(document(Kind::Member, row.id, row.organisation_id, fields))
    };
    Ok(rows.into_iter().filter_map(document).collect())
}

async fn audit(connection: &impl ConnectionTrait, which: Which<'_>) -> Result<Vec<Document>, DbErr> {
    let all = audit_entry::Entity::across_tenants("what the index outside the database holds")
        .filter(audit_entry::Column::OrganisationId.is_not_null());
    let rows = which.of(all, audit_entry::Column::Id).all(connection).await?;
    let document = |row: audit_entry::Model| {
        let personal = |field: &str| row.personal.get(field).cloned();
        let fields = json!({
            "action": row.action,
            "object": personal("object").unwrap_or_else(|| row.object.clone().into()),
            "request": row.request_id,
            "email": personal("email"),
            "address": personal("address"),
        });
        Some(document(Kind::Audit, row.id, row.organisation_id?, fields))
    };
    Ok(rows.into_iter().filter_map(document).collect())
}

impl Which<'_> {
    fn of<E: EntityTrait>(self, all: Select<E>, id: E::Column) -> Select<E> {
        let all = match self {
            Self::These(ids) => all.filter(id.is_in(ids.iter().copied())),
            Self::After(None, most) => all.limit(most),
            Self::After(Some(after), most) => all.filter(id.gt(after)).limit(most),
        };
        all.order_by_asc(id)
    }
}

fn document(kind: Kind, id: Uuid, organisation: Uuid, mut fields: Value) -> Document {
    fields["id"] = kind.id(id).into();
    fields[ORGANISATION] = OrganisationId::from_uuid(organisation).to_string().into();
    (id, fields)
}

/// The attribute that says whose it is.
pub(super) const ORGANISATION: &str = "organisation";
