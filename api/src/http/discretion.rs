//! Errors that tell no name of the schema which the asker did not write, for where the schema is not told.
//!
//! The library's errors put every name between quotation marks, and fill in those that it knows better: the type of a
//! field, an argument that is missing. What stands there and not in the request becomes `…`. Our own errors have a code,
//! name nothing of the schema, and pass as they are.

use std::{
    collections::HashSet,
    sync::{Arc, OnceLock},
};

use async_graphql::{
    Response, ServerError, ServerResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextRequest, NextSubscribe},
    parser::types::ExecutableDocument,
};
use futures_util::{StreamExt, stream::BoxStream};

/// Looks at errors before they go out.
pub(crate) struct Discretion;

impl ExtensionFactory for Discretion {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Asker::default())
    }
}

/// One request.
#[derive(Default)]
struct Asker {
    /// What was written in it, its variables too.
    written: Arc<OnceLock<String>>,
}

#[async_graphql::async_trait::async_trait]
impl Extension for Asker {
    async fn request(&self, context: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        discreet(next.run(context).await, &self.written)
    }

    fn subscribe<'s>(
        &self,
        context: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        let written = self.written.clone();
        let responses = next.run(context, stream);
        responses.map(move |response| discreet(response, &written)).boxed()
    }

    async fn parse_query(
        &self,
        context: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let values = serde_json::to_string(variables).unwrap_or_default();
        let _ = self.written.set(format!("{query} {values}"));
        next.run(context, query, variables).await
    }
}

fn discreet(mut response: Response, written: &OnceLock<String>) -> Response {
    let is_the_librarys = |error: &&mut ServerError| error.extensions.is_none();
    let mut errors = response.errors.iter_mut().filter(is_the_librarys).peekable();
    if errors.peek().is_some() {
        let known: HashSet<&str> = written.get().into_iter().flat_map(|text| words(text)).collect();
        for error in errors {
            error.message = hushed(&error.message, |word| known.contains(word));
        }
    }
    response
}

/// The message with `…` for each quotation that has a word in it which is not known.
fn hushed(message: &str, known: impl Fn(&str) -> bool) -> String {
    let parts = message.split('"').enumerate().map(|(n, part)| {
        let quoted = n % 2 == 1;
        if quoted && !words(part).all(&known) {
            "…"
        } else {
            part
        }
    });
    parts.collect::<Vec<_>>().join("\"")
}

/// What could be names.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_asker_did_not_write_is_not_told() {
        for (message, told) in [
            (
                "Unknown field \"emial\" on type \"Viewer\".",
                "Unknown field \"emial\" on type \"…\".",
            ),
            (
                "Invalid value for argument \"input.titel\", unknown field \"titel\" of type \"CreateStreamInput\"",
                "Invalid value for argument \"input.titel\", unknown field \"titel\" of type \"…\"",
            ),
            ("expected type \"[Int!]\"", "expected type \"…\""),
            ("no mark is closed \"Viewer", "no mark is closed \"…"),
            ("nothing is named", "nothing is named"),
        ] {
            let known = |word: &str| ["emial", "input", "titel"].contains(&word);
            assert_eq!(hushed(message, known), told);
        }
    }
}
