//! A route and its description are one value: the router and the document are made of the same
//! list, so that neither can have what the other has not.

use std::collections::BTreeMap;

use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use serde_json::Value;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, ParameterStyle,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Ref, RefOr, Required};
use utoipa::{IntoParams, ToSchema};

use super::schema::{Schemas, reference};
use crate::problem::{Code, Document, PROBLEM_JSON, Problem};
use crate::router::App;

/// Whose key a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// None is needed.
    Open,
    /// Any.
    Anyone,
    /// An administrator's.
    Admin,
}

/// One method at one address.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    pub(crate) handler: MethodRouter<App>,
    /// Whether it changes something, and so takes an Idempotency-Key.
    pub(crate) writes: bool,
    pub(super) operation: OperationBuilder,
    pub(super) schemas: Schemas,
    codes: Vec<Code>,
    responses: BTreeMap<u16, ResponseBuilder>,
}

impl Route {
    pub(crate) fn get<H, T>(path: &'static str, id: &str, handler: H) -> Self
    where
        H: axum::handler::Handler<T, App>,
        T: 'static,
    {
        Self::new(Method::GET, path, id, on(MethodFilter::GET, handler))
    }

    pub(crate) fn post<H, T>(path: &'static str, id: &str, handler: H) -> Self
    where
        H: axum::handler::Handler<T, App>,
        T: 'static,
    {
        Self::new(Method::POST, path, id, on(MethodFilter::POST, handler)).written()
    }

    pub(crate) fn put<H, T>(path: &'static str, id: &str, handler: H) -> Self
    where
        H: axum::handler::Handler<T, App>,
        T: 'static,
    {
        Self::new(Method::PUT, path, id, on(MethodFilter::PUT, handler)).written()
    }

    pub(crate) fn delete<H, T>(path: &'static str, id: &str, handler: H) -> Self
    where
        H: axum::handler::Handler<T, App>,
        T: 'static,
    {
        Self::new(Method::DELETE, path, id, on(MethodFilter::DELETE, handler)).written()
    }

    fn new(method: Method, path: &'static str, id: &str, handler: MethodRouter<App>) -> Self {
        let mut operation = OperationBuilder::new().operation_id(Some(id));
        for name in path.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
            operation = operation.parameter(path_parameter(name));
        }
        Self {
            method,
            path,
            access: Access::Anyone,
            handler,
            writes: false,
            operation,
            schemas: Vec::new(),
            codes: vec![Code::Timeout],
            responses: BTreeMap::new(),
        }
        .may_refuse(if path.contains('{') { &[Code::BadAddress] } else { &[] })
    }

    fn written(mut self) -> Self {
        self.writes = true;
        let key = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(
                "Any text of 1 to 255 visible characters, new for each request: who repeats a \
                 request with it gets the first answer again, for 24 hours",
            ))
            .schema(Some(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .pattern(Some("^[!-~]{1,255}$"))
                    .min_length(Some(1))
                    .max_length(Some(255)),
            ));
        self.operation = self.operation.parameter(key);
        self.may_refuse(&[
            Code::IdempotencyInProgress,
            Code::IdempotencyMismatch,
            Code::Invalid,
            Code::TooLarge,
            Code::Busy,
            Code::Database,
        ])
    }

    /// What it is about: its group in the document, one line, and more.
    pub(crate) fn says(mut self, tag: &str, summary: &str, description: &str) -> Self {
        let description = (!description.is_empty()).then_some(description);
        self.operation = self.operation.tag(tag).summary(Some(summary)).description(description);
        self
    }

    pub(crate) fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    pub(crate) fn query<T: IntoParams>(mut self) -> Self {
        for parameter in T::into_params(|| Some(ParameterIn::Query)) {
            self.operation = self.operation.parameter(parameter);
        }
        self.may_refuse(&[Code::Invalid])
    }

    pub(crate) fn header(mut self, name: &str, description: &str, schema: Schema) -> Self {
        let header = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(schema));
        self.operation = self.operation.parameter(header);
        self.may_refuse(&[Code::Invalid])
    }

    /// The body that it takes; `required`: an empty one is not enough.
    pub(crate) fn body<T: ToSchema>(mut self, required: bool, example: Value) -> Self {
        let schema = reference::<T>(&mut self.schemas);
        let content = ContentBuilder::new().schema(Some(schema)).example(Some(example)).build();
        let required = if required { Required::True } else { Required::False };
        let body = RequestBodyBuilder::new().content(JSON, content).required(Some(required));
        self.operation = self.operation.request_body(Some(body.build()));
        self.may_refuse(&[Code::MediaType])
    }

    /// What it answers when all goes well.
    pub(crate) fn answers<T: ToSchema>(
        mut self,
        status: u16,
        description: &str,
        example: Value,
    ) -> Self {
        let schema = reference::<T>(&mut self.schemas);
        self.answers_with(status, description, JSON, RefOr::Ref(schema), example)
    }

    /// The same, with a list.
    pub(crate) fn answers_list<T: ToSchema>(mut self, description: &str, example: Value) -> Self {
        let items = reference::<T>(&mut self.schemas);
        let schema: Schema = ArrayBuilder::new().items(items).build().into();
        self.answers_with(200, description, JSON, RefOr::T(schema), Value::Array(vec![example]))
    }

    /// The same, with something that is no JSON.
    pub(crate) fn answers_media(self, description: &str, kind: &str, example: &str) -> Self {
        let text: Schema = ObjectBuilder::new().schema_type(Type::String).build().into();
        self.answers_with(200, description, kind, RefOr::T(text), Value::from(example))
    }

    pub(crate) fn answers_with(
        mut self,
        status: u16,
        description: &str,
        kind: &str,
        schema: RefOr<Schema>,
        example: Value,
    ) -> Self {
        let content = ContentBuilder::new().schema(Some(schema)).example(Some(example)).build();
        let mut response = ResponseBuilder::new().description(description).content(kind, content);
        if self.writes {
            response = response.header("Idempotency-Replayed", replayed_header());
        }
        self.responses.insert(status, response);
        self
    }

    /// Nothing but that it is done.
    pub(crate) fn answers_nothing(mut self, description: &str) -> Self {
        let response = ResponseBuilder::new().description(description);
        let response = response.header("Idempotency-Replayed", replayed_header());
        self.responses.insert(204, response);
        self
    }

    /// A schema that is only spoken of.
    pub(crate) fn mentions<T: ToSchema>(mut self) -> Self {
        reference::<T>(&mut self.schemas);
        self
    }

    /// With which problems it may answer.
    pub(crate) fn may_refuse(mut self, codes: &[Code]) -> Self {
        self.codes.extend(codes);
        self
    }

    /// The finished description.
    pub(super) fn describe(mut self) -> (HttpMethod, &'static str, OperationBuilder, Schemas) {
        if self.access != Access::Open {
            self.codes.extend([Code::Unauthorized, Code::TooManyFailures, Code::Database]);
            let key = SecurityRequirement::new::<_, _, String>("key", []);
            self.operation = self.operation.security(key);
        } else {
            self.operation = self.operation.security(SecurityRequirement::default());
        }
        if self.access == Access::Admin {
            self.codes.push(Code::AdminOnly);
        }
        let problem = reference::<Document>(&mut self.schemas);
        let mut statuses: Vec<u16> = self.codes.iter().map(|code| code.status()).collect();
        statuses.sort_unstable();
        statuses.dedup();
        for status in statuses {
            let mut codes = Vec::new();
            for code in self.codes.iter().filter(|code| code.status() == status) {
                if !codes.contains(code) {
                    codes.push(*code);
                }
            }
            let before = self.responses.remove(&status);
            self.responses.insert(status, problem_response(before, &codes, &problem));
        }
        for (status, response) in self.responses {
            self.operation = self.operation.response(status.to_string(), response.build());
        }
        let method = match self.method {
            Method::POST => HttpMethod::Post,
            Method::PUT => HttpMethod::Put,
            Method::DELETE => HttpMethod::Delete,
            // The constructors above know no other.
            _ => HttpMethod::Get,
        };
        (method, self.path, self.operation, self.schemas)
    }
}

const JSON: &str = "application/json";

fn path_parameter(name: &str) -> ParameterBuilder {
    let (description, example) = match name {
        "id" => ("Its id", "call-s08"),
        "kind" => ("Whose mailbox: user or group", "user"),
        "message" => ("The message's id", "019f1c1c-7a10-7000-8000-000000000001"),
        "code" => ("The code of a problem", "wrong_state"),
        _ => ("", ""),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .style(Some(ParameterStyle::Simple))
        .description(Some(description))
        .example(Some(Value::from(example)))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).min_length(Some(1))))
}

fn replayed_header() -> utoipa::openapi::Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["true"]))))
        .description(Some("There if this answer was given before to the same Idempotency-Key"))
        .build()
}

/// A response with these problems; where there is one already, they are another form of it.
fn problem_response(
    before: Option<ResponseBuilder>,
    codes: &[Code],
    problem: &Ref,
) -> ResponseBuilder {
    let lines = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.title()));
    let description = lines.collect::<Vec<_>>().join("; ");
    let example = codes.first().and_then(|code| serde_json::to_value(Problem::of(*code)).ok());
    let content = ContentBuilder::new().schema(Some(problem.clone())).example(example).build();
    let response = before.unwrap_or_else(|| ResponseBuilder::new().description(description));
    let mut response = response.content(PROBLEM_JSON, content);
    let waits = [Code::TooManyFailures, Code::TooManyStreams, Code::Busy];
    if codes.iter().any(|code| waits.contains(code)) {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
        let header = HeaderBuilder::new()
            .schema(Some(seconds))
            .description(Some("Seconds after which to try again"));
        response = response.header("Retry-After", header.build());
    }
    response
}
