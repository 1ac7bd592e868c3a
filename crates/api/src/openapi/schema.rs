//! Schemas that no derive can know: lists of words, times, and what every answer shares.

use std::borrow::Cow;

use utoipa::openapi::schema::{
    AdditionalProperties, KnownFormat, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// The schemas that an operation names, to be put among the components.
pub(crate) type Schemas = Vec<(String, RefOr<Schema>)>;

/// A text that is one of some words.
pub(crate) fn words(
    description: &str,
    words: impl IntoIterator<Item = &'static str>,
) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(words))
        .into()
}

/// An object that has exactly one of these fields: its name, what it is, and what it may be.
pub(crate) fn exactly_one(description: &str, fields: &[(&str, &str, &str)]) -> RefOr<Schema> {
    let mut one = OneOfBuilder::new().description(Some(description));
    for (name, description, pattern) in fields {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(*description))
            .pattern(Some(*pattern))
            .min_length(Some(1))
            .max_length(Some(128));
        let object = ObjectBuilder::new()
            .schema_type(Type::Object)
            .property(*name, text)
            .required(*name)
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
        one = one.item(object);
    }
    one.into()
}

/// A reference to the schema of `T`, which is put into `schemas` with all that it refers to.
pub(crate) fn reference<T: ToSchema>(schemas: &mut Schemas) -> Ref {
    let name = T::name().into_owned();
    schemas.push((name.clone(), T::schema()));
    T::schemas(schemas);
    Ref::from_schema_name(name)
}

macro_rules! words_of {
    ($($(#[$doc:meta])* $name:ident = $words:ty, $description:literal;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                words($description, <$words>::ALL.iter().map(|word| word.as_str()))
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )*};
}

use model::call_graph::words as graph;

words_of! {
    Direction = graph::Direction, "Which way a call goes";
    CallState = graph::CallState, "Where the record of a call is";
    CallOutcome = graph::CallOutcome, "How a call came out";
    EndedBy = graph::EndedBy, "Who ended a call";
    AnchorKind = graph::AnchorKind, "Who made a call";
    ConnectionKind = graph::ConnectionKind, "Why a Connection was opened";
    ConnectionOutcome = graph::ConnectionOutcome, "How a Connection came out";
    TransferState = graph::TransferState, "What became of a transfer";
    EndReason = graph::EndReason, "Why a Connection ended";
    AttemptOutcome = graph::AttemptOutcome, "How an Attempt came out";
    ParticipantKind = graph::ParticipantKind, "User or somebody outside";
    ParticipantRole = graph::ParticipantRole, "The part that somebody plays in a call";
    InteractionKind = graph::InteractionKind, "What happened";
    QualityStream = graph::QualityStream, "From the leg or to it";
    QualityMetric = graph::QualityMetric, "What was bad";
    QualitySeverity = graph::QualitySeverity, "How bad";
    QualityUnit = graph::QualityUnit, "The unit of a threshold and of a value";
    QualityClear = graph::QualityClear, "Why it is over";
    QualitySource = graph::QualitySource, "Where the figures come from";
    TargetKind = model::directory::TargetKind, "What kind of target is to be reached";
    Strategy = model::directory::AcdStrategy, "In which way the members of a group are rung";
    Availability = model::directory::Availability, "Whether groups may offer calls";
}

/// One line of text that is not empty: what [`crate::request::line`] takes.
pub(crate) struct Line;

/// Something that is no white space, and no control character anywhere.
pub(crate) const LINE: &str =
    r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";

impl PartialSchema for Line {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("One line of text"))
            .pattern(Some(LINE))
            .min_length(Some(1))
            .max_length(Some(128))
            .into()
    }
}

impl ToSchema for Line {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Line")
    }
}

/// An instant: RFC 3339 in UTC with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub(crate) struct Time(pub(crate) model::Millis);

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("UTC, with milliseconds"))
            .examples(["2026-01-05T10:00:00.000Z"])
            .into()
    }
}

impl ToSchema for Time {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Time")
    }
}
