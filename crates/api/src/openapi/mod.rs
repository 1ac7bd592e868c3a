//! The description of this interface, OpenAPI 3.1, made of the routes themselves:
//! `GET /api/v1/openapi.json`; and what the codes of problems mean: `GET /api/v1/problems`.

mod route;
pub(crate) mod schema;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths,
    ServerBuilder,
};

pub(crate) use self::route::{Access, Route};
use crate::problem::{Code, Problem};
use crate::router::App;

/// The document as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Document(pub(crate) Arc<str>);

const TAGS: [(&str, &str); 7] = [
    ("calls", "Calls: what the records say of them, while they run and after"),
    ("orders", "Orders to a call that runs, and new calls"),
    ("events", "What happens, as it happens"),
    ("agents", "Agents, groups and the wallboard"),
    ("mailboxes", "Voice messages"),
    ("keys", "Keys to this interface"),
    ("server", "The server itself"),
];

const ABOUT: &str = "Everything that Tandem knows of its calls, and everything that can be \
    ordered of one. Errors are problem documents (RFC 9457) whose `code` never changes its \
    meaning. Writes take an `Idempotency-Key`. Lists of calls are paged by `cursor`. Events come \
    as a stream that is taken up again with `Last-Event-ID`. A key is either an administrator's, \
    or one user's: then it sees the calls that this user took part in or was rung by, and orders \
    for him.";

/// The document of these routes.
pub(crate) fn document(routes: Vec<Route>) -> OpenApi {
    let mut paths = Paths::new();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("tdm_<64 digits of base 16>")
        .description(Some("The administrator's key of the environment, or one of /api/v1/keys"));
    let mut components =
        ComponentsBuilder::new().security_scheme("key", SecurityScheme::Http(bearer.build()));
    for route in routes {
        let (method, path, operation, schemas) = route.describe();
        for (name, schema) in schemas {
            components = components.schema(name, schema);
        }
        paths.add_path_operation(path, vec![method], operation.build());
    }
    let licence = LicenseBuilder::new()
        .name("MIT OR Apache-2.0")
        .identifier(Some("MIT OR Apache-2.0"))
        .build();
    let info = InfoBuilder::new()
        .title("Tandem")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(licence))
        .contact(Some(ContactBuilder::new().name(Some("Tandem")).build()));
    let server = ServerBuilder::new().url("/").description(Some("The server that answers"));
    let tags = TAGS.map(|(name, description)| {
        TagBuilder::new().name(name).description(Some(description)).build()
    });
    OpenApiBuilder::new()
        .info(info.build())
        .servers(Some([server.build()]))
        .paths(paths)
        .components(Some(components.build()))
        .tags(Some(tags))
        .build()
}

/// The routes of this module.
pub(crate) fn routes() -> Vec<Route> {
    let example = json!(Explained::of(Code::WrongState));
    vec![
        Route::get("/api/v1/openapi.json", "readDescription", description)
            .says("server", "This document", "")
            .access(Access::Open)
            .answers::<Object>(200, "The document", json!({"openapi": "3.1.0"})),
        Route::get("/api/v1/problems", "listProblems", problems)
            .says("server", "What the codes of problems mean", "")
            .access(Access::Open)
            .answers_list::<Explained>("Every code", example.clone()),
        Route::get("/api/v1/problems/{code}", "readProblem", problem)
            .says("server", "What the code of a problem means", "")
            .access(Access::Open)
            .answers::<Explained>(200, "The code", example)
            .may_refuse(&[Code::NotFound]),
    ]
}

/// Any JSON object.
#[derive(ToSchema)]
#[schema(value_type = Object)]
struct Object(#[expect(dead_code, reason = "only its schema is used")] Value);

async fn description(Extension(document): Extension<Document>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], document.0.to_string())
}

/// A code of a problem.
#[derive(Serialize, ToSchema)]
pub(crate) struct Explained {
    #[schema(value_type = Code)]
    code: &'static str,
    status: u16,
    title: &'static str,
    /// What to do about it.
    remedy: &'static str,
}

impl Explained {
    fn of(code: Code) -> Self {
        Self {
            code: code.as_str(),
            status: code.status(),
            title: code.title(),
            remedy: code.remedy(),
        }
    }
}

async fn problems(State(_): State<App>) -> Json<Vec<Explained>> {
    Json(Code::ALL.iter().copied().map(Explained::of).collect())
}

async fn problem(Path(wanted): Path<String>) -> Result<Json<Explained>, Problem> {
    let code = Code::ALL.iter().copied().find(|code| code.as_str() == wanted);
    code.map(|code| Json(Explained::of(code))).ok_or_else(|| Problem::no_such("code of a problem"))
}
