//! The public API. Resolvers parse, judge the role, call a service and shape what comes back; nothing is decided here.
//!
//! Every field's description is its documentation: the schema is printed from this code, committed, and compared.

mod loaders;
mod mutation;
mod query;
mod subscription;
pub(crate) mod types;

use std::sync::Arc;

use async_graphql::{Context, Schema, SchemaBuilder};
use chrono::{DateTime, Utc};
use mutation::Mutation;
use query::Query;
use subscription::Subscription;
pub(crate) use types::{CredentialKind, Severity, TokenAdvice, ingest_url};

use crate::{
    http::{discretion::Discretion, limits::Fields, persisted::Persisted, shape::Shape},
    people::Caller,
    state::State,
};

/// The schema with its resolvers.
pub(crate) type Api = Schema<Query, Mutation, Subscription>;

/// The schema, over what the control plane knows.
pub(crate) fn schema(state: Arc<State>) -> Api {
    let introspection = state.tools.introspection;
    let builder = if introspection {
        builder()
    } else {
        // An error that tells or suggests names would tell the schema by and by.
        let builder = builder().disable_introspection().disable_suggestions();
        builder.extension(Discretion)
    };
    let persisted = Persisted::default();
    let builder = builder
        .extension(persisted.clone())
        .data(persisted)
        .extension(Fields { introspection })
        .extension(Shape);
    loaders::with_loaders(builder, &state).data(state).finish()
}

/// The schema in GraphQL's own language.
pub(crate) fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items();
    builder().finish().sdl_with_options(options)
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query, Mutation::default(), Subscription)
        .limit_depth(DEPTH)
        .limit_complexity(COMPLEXITY)
        .limit_recursive_depth(RECURSION)
        .limit_directives(DIRECTIVES)
        .override_output_type_description::<DateTime<Utc>>(MOMENT)
}

/// What the control plane knows.
fn state<'a>(context: &Context<'a>) -> &'a Arc<State> {
    context.data_unchecked()
}

/// Who is asking.
fn caller<'a>(context: &Context<'a>) -> &'a Caller {
    context.data_unchecked()
}

/// What the schema says of moments.
const MOMENT: &str = "A moment, as RFC 3339 writes it: `2027-01-31T00:00:00Z`.";
/// Selections inside each other. The introspection of tools needs 13.
const DEPTH: usize = 15;
/// Fields in all, those of lists counted as often as the list may be long.
const COMPLEXITY: usize = 10_000;
/// Braces inside each other, before anything is understood.
const RECURSION: usize = 32;
const DIRECTIVES: usize = 8;
