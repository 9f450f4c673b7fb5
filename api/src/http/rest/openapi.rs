//! `GET /api/v1/openapi.json`: what the routes take and answer, as OpenAPI 3.1 says it. Made from the GraphQL schema and
//! from the very documents that are executed, so it cannot say anything else.

use std::{collections::HashMap, sync::LazyLock};

use async_graphql::{
    Name,
    parser::{
        parse_query, parse_schema,
        types::{BaseType, Selection, SelectionSet, Type, TypeDefinition, TypeKind, TypeSystemDefinition},
    },
};
use axum::{extract::State, http::StatusCode, response::Response};
use serde_json::{Map, Value, json};

use super::{CREATE, JSON, LOOK_UP, REVOKE, Route, VERIFY, json_of, problem};
use crate::{graphql::sdl, http::Doors};

/// For everybody; it says nothing of anybody.
pub(super) async fn document(State(doors): State<Doors>) -> Response {
    let mut document = DOCUMENT.clone();
    document["servers"] = json!([{ "url": doors.state.addresses.http }]);
    json_of(StatusCode::OK, JSON, &document)
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let types = Types::read();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Portcullis: tokens",
            "version": "1",
            "description": "Tokens are made, looked up, verified and revoked. Everything else is GraphQL, at `/graphql`; codes, limits and what a role may are the same there.",
        },
        "security": [{ "bearer": [] }, { "token": [] }, { "apiKey": [] }],
        "paths": {
            "/api/v1/tokens": { "post": types.operation("createToken", "Make a token", &CREATE, Some(types.creation())) },
            "/api/v1/tokens/{jti}": {
                "parameters": [{
                    "name": "jti", "in": "path", "required": true, "schema": { "type": "string" },
                    "description": "The token's id.",
                }],
                "get": types.operation("getToken", "Look a token up", &LOOK_UP, None),
            },
            "/api/v1/tokens/verify": {
                "post": types.operation("verifyToken", "Look at a token, or what is shown in place of one", &VERIFY, Some(types.input("LintTokenInput"))),
            },
            "/api/v1/tokens/revoke": {
                "post": types.operation("revokeTokens", "Take tokens back", &REVOKE, Some(types.input("RevokeTokensInput"))),
            },
        },
        "components": {
            "parameters": { "organisation": {
                "name": "x-organisation", "in": "header", "required": false, "schema": { "type": "string" },
                "description": "The hash of the organisation to act in; an API token acts in its own.",
            } },
            "responses": { "problem": {
                "description": "Not done, and why (RFC 9457).",
                "content": { (problem::KIND): { "schema": { "$ref": "#/components/schemas/Problem" } } },
            } },
            "schemas": { "Problem": problem_schema() },
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer", "description": "An API token." },
                "token": { "type": "apiKey", "in": "header", "name": "X-BINTU-TOKEN", "description": "The same, by an older name." },
                "apiKey": { "type": "apiKey", "in": "header", "name": "X-BINTU-APIKEY", "description": "The same, by an older name." },
            },
        },
    })
});

/// The statuses of refusals.
const REFUSED: [u16; 12] = [400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 503];

fn problem_schema() -> Value {
    let mistake = json!({
        "type": "object",
        "properties": {
            "code": { "type": "string", "description": "What kind of mistake, as in `TOO_LONG`; stays the same between versions." },
            "message": { "type": "string", "description": "A sentence for people." },
            "field": { "type": ["string", "null"], "description": "The field of the body, where it is about one." },
        },
        "required": ["code", "message", "field"],
    });
    json!({
        "type": "object",
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "code": { "type": "string", "description": "As in GraphQL: `INVALID`, `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, `CONFLICT`, `PACKAGE_REQUIRED`, `RATE_LIMITED`, `UNAVAILABLE`, `INTERNAL`." },
            "detail": { "type": "string", "description": "A sentence for people." },
            "errors": { "type": "array", "items": mistake, "description": "What can be mended in the body." },
            "package": { "type": "string", "description": "The package that is missing." },
            "retryAfterS": { "type": "integer", "description": "When to try again, in seconds." },
            "reason": { "type": "string", "description": "More about `FORBIDDEN` and `UNAUTHENTICATED`." },
        },
        "required": ["type", "title", "status", "code", "detail"],
    })
}

/// The types of the GraphQL schema, by name.
struct Types(HashMap<Name, TypeDefinition>);

impl Types {
    fn read() -> Self {
        let definitions = parse_schema(sdl()).map(|schema| schema.definitions).unwrap_or_default();
        let types = definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(one) => Some((one.node.name.node.clone(), one.node)),
            _ => None,
        });
        Self(types.collect())
    }

    fn operation(&self, id: &str, summary: &str, route: &Route, body: Option<Value>) -> Value {
        let done = json!({
            "description": "Done.",
            "content": { (JSON): { "schema": self.answer(route) } },
        });
        let mut responses: Map<_, _> = REFUSED
            .iter()
            .map(|status| (status.to_string(), json!({ "$ref": "#/components/responses/problem" })))
            .collect();
        responses.insert(route.done.as_u16().to_string(), done);
        let mut operation = json!({
            "operationId": id,
            "summary": summary,
            "description": self.described(route),
            "parameters": [{ "$ref": "#/components/parameters/organisation" }],
            "responses": responses,
        });
        if let Some(schema) = body {
            operation["requestBody"] = json!({ "required": true, "content": { (JSON): { "schema": schema } } });
        }
        operation
    }

    /// The description of the field that a route asks.
    fn described(&self, route: &Route) -> Option<String> {
        let root = if route.document.starts_with("query") {
            "Query"
        } else {
            "Mutation"
        };
        let TypeKind::Object(root) = &self.0.get(root)?.kind else {
            return None;
        };
        let field = root.fields.iter().find(|field| field.node.name.node == route.field)?;
        field.node.description.as_ref().map(|text| text.node.clone())
    }

    /// What a body that makes a token says: one for a viewer, or one for a broadcaster.
    fn creation(&self) -> Value {
        let with_door = |input: &str, door: &str, required: bool| {
            let mut schema = self.input(input);
            schema["properties"]["door"] = json!({ "const": door, "description": "What the token is for." });
            if required {
                schema["required"] = json!(["door"]);
            }
            schema
        };
        json!({ "anyOf": [
            with_door("CreatePlaybackTokenInput", "PLAYBACK", false),
            with_door("CreatePublishTokenInput", "INGEST", true),
        ] })
    }

    /// An input type of the schema.
    fn input(&self, name: &str) -> Value {
        let Some(TypeDefinition {
            kind: TypeKind::InputObject(input),
            directives,
            description,
            ..
        }) = self.0.get(name)
        else {
            return json!({});
        };
        let one_of = directives.iter().any(|directive| directive.node.name.node == "oneOf");
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in input.fields.iter().map(|field| &field.node) {
            let mut ty = field.ty.node.clone();
            if !ty.nullable && field.default_value.is_none() {
                required.push(field.name.node.to_string());
            }
            if one_of {
                ty.nullable = false;
            }
            let text = field.description.as_ref().map(|text| &text.node);
            properties.insert(
                field.name.node.to_string(),
                said(of(&ty, &|base| self.named(base, None)), text),
            );
        }
        let mut schema = json!({
            "type": "object",
            "description": description.as_ref().map(|text| &text.node),
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        });
        if one_of {
            schema["minProperties"] = json!(1);
            schema["maxProperties"] = json!(1);
        }
        schema
    }

    /// What a route answers: what its document selects, without the errors, which become problems.
    fn answer(&self, route: &Route) -> Value {
        let document = parse_query(route.document).ok();
        let operation = document.as_ref().and_then(|document| document.operations.iter().next());
        let field = operation.and_then(
            |(_, operation)| match &operation.node.selection_set.node.items.first()?.node {
                Selection::Field(field) => Some(&field.node),
                _ => None,
            },
        );
        let root = if route.document.starts_with("query") {
            "Query"
        } else {
            "Mutation"
        };
        let known = self.0.get(root).and_then(|root| match &root.kind {
            TypeKind::Object(root) => root.fields.iter().find(|known| known.node.name.node == route.field),
            _ => None,
        });
        match (field, known.map(|known| &known.node.ty.node.base)) {
            (Some(field), Some(BaseType::Named(name))) => self.selected(name, &field.selection_set.node),
            _ => json!({}),
        }
    }

    /// The object that a selection answers with.
    fn selected(&self, name: &str, set: &SelectionSet) -> Value {
        let Some(TypeDefinition {
            kind: TypeKind::Object(object),
            ..
        }) = self.0.get(name)
        else {
            return json!({});
        };
        let mut properties = Map::new();
        for item in &set.items {
            let Selection::Field(field) = &item.node else { continue };
            let name = &field.node.name.node;
            let Some(known) = object.fields.iter().find(|known| known.node.name.node == *name) else {
                continue;
            };
            if name == "errors" {
                continue;
            }
            let inner = Some(&field.node.selection_set.node);
            let schema = of(&known.node.ty.node, &|base| self.named(base, inner));
            let text = known.node.description.as_ref().map(|text| &text.node);
            properties.insert(name.to_string(), said(schema, text));
        }
        let required: Vec<_> = properties.keys().cloned().collect();
        json!({ "type": "object", "properties": properties, "required": required })
    }

    fn named(&self, name: &str, set: Option<&SelectionSet>) -> Value {
        match (name, self.0.get(name).map(|known| &known.kind)) {
            ("Int", _) => json!({ "type": "integer" }),
            ("Float", _) => json!({ "type": "number" }),
            ("Boolean", _) => json!({ "type": "boolean" }),
            ("DateTime", _) => json!({ "type": "string", "format": "date-time" }),
            ("JSON", _) => json!({}),
            (_, Some(TypeKind::Enum(one))) => {
                let values: Vec<_> = one
                    .values
                    .iter()
                    .map(|value| value.node.value.node.to_string())
                    .collect();
                json!({ "type": "string", "enum": values })
            }
            (_, Some(TypeKind::Object(_))) => set.map_or(json!({}), |set| self.selected(name, set)),
            (_, Some(TypeKind::InputObject(_))) => self.input(name),
            _ => json!({ "type": "string" }),
        }
    }
}

/// A type with its lists and whether it may be null.
fn of(ty: &Type, named: &dyn Fn(&str) -> Value) -> Value {
    let schema = match &ty.base {
        BaseType::Named(name) => named(name),
        BaseType::List(inner) => json!({ "type": "array", "items": of(inner, named) }),
    };
    if ty.nullable && schema != json!({}) {
        json!({ "anyOf": [schema, { "type": "null" }] })
    } else {
        schema
    }
}

/// With what it means.
fn said(mut schema: Value, text: Option<&String>) -> Value {
    if let Some(text) = text {
        schema["description"] = json!(text);
    }
    schema
}
