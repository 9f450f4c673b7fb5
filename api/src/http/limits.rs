//! Limits that the library does not have: how many fields and aliases a request may name, whether it may ask for the schema,
//! and what an error may say.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Response, ServerError, ServerResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery},
    parser::{
        Error as Unreadable, parse_query,
        types::{ExecutableDocument, Selection, SelectionSet},
    },
};

/// Looks at what a request names before anything of it is done.
#[derive(Clone, Copy)]
pub(crate) struct Fields {
    /// Whether the schema may be asked for.
    pub(crate) introspection: bool,
}

impl ExtensionFactory for Fields {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(*self)
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
        // Before the library looks: its check of depth spreads every fragment wherever it stands.
        let document = parse_query(query).map_err(|error| unreadable(&error))?;
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
        if count.fields > FIELDS || Expansion::of(&document).fields() > EXPANDED {
            return Err(ServerError::new(format!("more than {FIELDS} fields"), None));
        }
        if count.introspects && !self.introspection {
            // The library would answer `null`, as if there was no schema.
            return Err(ServerError::new("the schema is not told here", None));
        }
        next.run(context, query, variables).await
    }
}

/// What cannot be read, where, and what was expected: without the lines themselves, which may hold a secret.
fn unreadable(error: &Unreadable) -> ServerError {
    let locations = error.positions().collect();
    let why = match error {
        Unreadable::Syntax { message, .. } => {
            let expected = message.rsplit_once("= expected ").map(|(_, what)| what.trim());
            expected.map_or("syntax error".to_owned(), |what| {
                format!("syntax error: expected {what}")
            })
        }
        other => other.to_string(),
    };
    let mut refusal = ServerError::new(why, None);
    refusal.locations = locations;
    refusal
}

#[derive(Default)]
struct Count {
    fields: usize,
    aliases: usize,
    introspects: bool,
}

impl Count {
    fn selections(&mut self, set: &SelectionSet) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    self.fields += 1;
                    self.aliases += usize::from(field.node.alias.is_some());
                    self.introspects |= matches!(field.node.name.node.as_str(), "__schema" | "__type");
                    self.selections(&field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => self.selections(&fragment.node.selection_set.node),
                Selection::FragmentSpread(_) => self.fields += 1,
            }
        }
    }
}

/// How many fields a request has once its fragments are spread. Each fragment is counted once, whatever spreads it: the
/// library's own checks spread them all first, and a kilobyte of fragments that spread each other twice would hold a
/// core for minutes.
struct Expansion<'a> {
    document: &'a ExecutableDocument,
    known: HashMap<&'a str, usize>,
}

impl<'a> Expansion<'a> {
    fn of(document: &'a ExecutableDocument) -> Self {
        Self {
            document,
            known: HashMap::new(),
        }
    }

    fn fields(&mut self) -> usize {
        let operations = self.document.operations.iter();
        operations.fold(0, |sum: usize, (_, operation)| {
            sum.saturating_add(self.selections(&operation.node.selection_set.node))
        })
    }

    fn selections(&mut self, set: &'a SelectionSet) -> usize {
        set.items.iter().fold(0, |sum: usize, item| {
            let fields = match &item.node {
                Selection::Field(field) => self.selections(&field.node.selection_set.node).saturating_add(1),
                Selection::InlineFragment(fragment) => self.selections(&fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    self.fragment(spread.node.fragment_name.node.as_str()).saturating_add(1)
                }
            };
            sum.saturating_add(fields)
        })
    }

    fn fragment(&mut self, name: &'a str) -> usize {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        // One that spreads itself is endless, until it is known to be not.
        self.known.insert(name, usize::MAX);
        let document = self.document;
        let fragment = document.fragments.iter().find(|(known, _)| known.as_str() == name);
        let fields = fragment.map_or(0, |(_, fragment)| self.selections(&fragment.node.selection_set.node));
        self.known.insert(name, fields);
        fields
    }
}

/// Errors as they go out: short, for some repeat what was sent; and each with a code.
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
/// With fragments spread; a client's own fragments repeat some.
const EXPANDED: usize = 4000;
const MESSAGE: usize = 300;
