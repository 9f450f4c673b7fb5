//! Gives every answer the shape that the specification of GraphQL prescribes, which the library does not: what failed is
//! `null`, and so is what holds it as far up as `null` is not allowed; fields stand in the order in which they were asked for.
//!
//! <https://spec.graphql.org/October2021/#sec-Handling-Field-Errors>, and section 6.3.2 for the order.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use async_graphql::{
    Name, PathSegment, Positioned, QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult, Value,
    Variables,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextResolve, ResolveInfo,
    },
    parser::types::{DocumentOperations, ExecutableDocument, FragmentDefinition, Selection, SelectionSet},
};

/// Makes one [`Answer`] for each request.
pub(crate) struct Shape;

impl ExtensionFactory for Shape {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Answer::default())
    }
}

/// One request's answer, or a subscription's one after the other.
#[derive(Default)]
struct Answer {
    document: OnceLock<ExecutableDocument>,
    failed: Mutex<Failed>,
}

#[derive(Default)]
struct Failed {
    errors: Vec<ServerError>,
    /// Where something stands that may not be `null` and is.
    holding: HashSet<String>,
}

#[async_graphql::async_trait::async_trait]
impl Extension for Answer {
    async fn parse_query(
        &self,
        context: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(context, query, variables).await?;
        let _ = self.document.set(document.clone());
        Ok(document)
    }

    async fn resolve(
        &self,
        context: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let (node, required) = (info.path_node, info.return_type.ends_with('!'));
        let value = next.run(context, info).await;
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match value {
            Ok(value) if failed.holding.is_empty() || !failed.holding.contains(&place(&path(Some(node)))) => {
                return Ok(value);
            }
            Ok(_) => {}
            Err(mut error) => {
                if error.path.is_empty() {
                    error.path = path(Some(node));
                }
                failed.errors.push(error);
            }
        }
        if required {
            failed.holding.insert(place(&path(node.parent)));
        }
        Ok(Some(Value::Null))
    }

    async fn execute(
        &self,
        context: &ExtensionContext<'_>,
        operation: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let mut response = next.run(context, operation).await;
        let failed = std::mem::take(&mut *self.failed.lock().unwrap_or_else(PoisonError::into_inner));
        response.errors.extend(failed.errors);
        // Which of them failed first is chance.
        response.errors.sort_by_cached_key(|error| {
            let at = error.locations.first().map(|at| (at.line, at.column));
            (at, place(&error.path))
        });
        if failed.holding.contains(&place(&[])) {
            response.data = Value::Null;
        }
        if let Some(document) = self.document.get() {
            let asked = match &document.operations {
                DocumentOperations::Single(one) => Some(one),
                DocumentOperations::Multiple(all) => operation.and_then(|name| all.get(name)),
            };
            let selections = asked.map(|asked| &asked.node.selection_set.node);
            order(&mut response.data, &Vec::from_iter(selections), &document.fragments);
        }
        response
    }
}

fn path(node: Option<&QueryPathNode<'_>>) -> Vec<PathSegment> {
    let nodes = std::iter::successors(node, |node| node.parent);
    let mut path: Vec<_> = nodes
        .map(|node| match node.segment {
            QueryPathSegment::Index(index) => PathSegment::Index(index),
            QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
        })
        .collect();
    path.reverse();
    path
}

/// As in `organisation.streams.nodes.3`.
fn place(path: &[PathSegment]) -> String {
    let mut place = String::new();
    for segment in path {
        if !place.is_empty() {
            place.push('.');
        }
        match segment {
            PathSegment::Field(name) => place.push_str(name),
            PathSegment::Index(index) => place.push_str(&index.to_string()),
        }
    }
    place
}

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// Puts the fields of a value, and of what is in it, into the order of their selection sets.
fn order(value: &mut Value, selections: &[&SelectionSet], fragments: &Fragments) {
    match value {
        Value::List(items) => items.iter_mut().for_each(|item| order(item, selections, fragments)),
        Value::Object(object) => {
            let mut fields = Fields::default();
            for selections in selections {
                fields.add(selections, fragments);
            }
            // Nothing is selected of a scalar that is an object.
            if fields.inner.is_empty() {
                return;
            }
            object.sort_by(|one, _, other, _| fields.place(one).cmp(&fields.place(other)));
            for (name, value) in object.iter_mut() {
                if let Some((_, inner)) = fields.inner.get(name) {
                    order(value, inner, fragments);
                }
            }
        }
        _ => {}
    }
}

/// Fields by the names that they have in the answer: where each comes, and what is selected of it.
#[derive(Default)]
struct Fields<'a> {
    inner: HashMap<&'a Name, (usize, Vec<&'a SelectionSet>)>,
}

impl<'a> Fields<'a> {
    fn add(&mut self, selections: &'a SelectionSet, fragments: &'a Fragments) {
        for selection in &selections.items {
            match &selection.node {
                Selection::Field(field) => {
                    let place = self.inner.len();
                    let (_, inner) = self
                        .inner
                        .entry(&field.node.response_key().node)
                        .or_insert((place, Vec::new()));
                    inner.push(&field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => self.add(&fragment.node.selection_set.node, fragments),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = fragments.get(&spread.node.fragment_name.node) {
                        self.add(&fragment.node.selection_set.node, fragments);
                    }
                }
            }
        }
    }

    fn place(&self, name: &Name) -> Option<usize> {
        self.inner.get(name).map(|(place, _)| *place)
    }
}
