//! Limits that the library does not have: how many fields and aliases a request may name, and how long an error may be.

use std::sync::Arc;

use async_graphql::{
    Response, ServerError, ServerResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery},
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

/// Counts what a request names before anything of it is done.
pub(crate) struct Fields;

impl ExtensionFactory for Fields {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for Fields {
    async fn parse_query(
        &self,
        context: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(context, query, variables).await?;
        let mut count = Count::default();
        for (_, operation) in document.operations.iter() {
            count.selections(&operation.node.selection_set.node);
        }
        for fragment in document.fragments.values() {
            count.selections(&fragment.node.selection_set.node);
        }
        if count.aliases > ALIASES {
            return Err(ServerError::new(format!("more than {ALIASES} aliases"), None));
        }
        if count.fields > FIELDS {
            return Err(ServerError::new(format!("more than {FIELDS} fields"), None));
        }
        Ok(document)
    }
}

#[derive(Default)]
struct Count {
    fields: usize,
    aliases: usize,
}

impl Count {
    fn selections(&mut self, set: &SelectionSet) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    self.fields += 1;
                    self.aliases += usize::from(field.node.alias.is_some());
                    self.selections(&field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => self.selections(&fragment.node.selection_set.node),
                Selection::FragmentSpread(_) => self.fields += 1,
            }
        }
    }
}

/// Errors as they go out: short, for a parser's error repeats the whole request; and each with a code.
pub(crate) fn presentable(mut response: Response) -> Response {
    for error in &mut response.errors {
        if error.message.len() > MESSAGE {
            let end = error.message.floor_char_boundary(MESSAGE);
            error.message.truncate(end);
            error.message.push('…');
        }
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", "INVALID");
        }
    }
    response
}

const ALIASES: usize = 30;
const FIELDS: usize = 1000;
const MESSAGE: usize = 300;
